export default {
  template: `
    <div class="facets">
      <section v-for="group in groups" :key="group.name" :aria-label="group.name">
        <h3>{{ group.name }}</h3>
        <p v-if="group.error" class="bad">{{ group.error }}</p>
        <button v-for="[value, count, chosen] in group.values" :key="value" type="button" class="facet"
          :class="{ chosen }" :aria-pressed="chosen" :title="value" @click="$emit('toggle', group.name, value)">
          <i class="facet-bar" :style="{ width: (group.most ? (count / group.most) * 100 : 0) + '%' }"></i>
          <span class="facet-value">{{ value || "(none)" }}</span>
          <span class="facet-count">{{ short(count) }}</span>
        </button>
      </section>
    </div>
  `,
  props: { groups: Array },
  methods: { short: (count) => consoleUi.formatted(count, "short") },
};
