export default {
  template: `
    <details class="card facets" :open="wide">
      <summary>Fields</summary>
      <section v-for="group in groups" :key="group.name" :aria-label="group.title">
        <h3>{{ group.title }}</h3>
        <p v-if="group.error" class="bad">{{ group.error }}</p>
        <button v-for="[value, count, selected] in group.values" :key="value" type="button" class="facet"
          :class="{ selected }" :aria-pressed="selected" :title="value" @click="$emit('toggle', group.name, value)">
          <i class="facet-bar" :style="{ width: (group.most ? (count / group.most) * 100 : 0) + '%' }"></i>
          <span class="facet-value">{{ value || "(none)" }}</span>
          <span class="facet-count">{{ short(count) }}</span>
        </button>
      </section>
    </details>
  `,
  emits: ["toggle"], // otherwise the native event of <details> would be emitted too
  props: { groups: Array },
  data() {
    return { wide: matchMedia("(min-width: 761px)").matches };
  },
  methods: { short: (count) => consoleUi.formatted(count, "short") },
};
