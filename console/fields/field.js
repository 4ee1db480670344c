// An input that keeps what is being typed: the server is told when it is meant, not with every letter.
let made = 0;

export default {
  template: `
    <label v-if="kind === 'check'" class="field-check">
      <input type="checkbox" :checked="value" @change="$emit('change', $event.target.checked)">
      <span>{{ label }}</span>
    </label>
    <label v-else class="field">
      <span class="field-label">{{ label }}</span>
      <select v-if="kind === 'choice'" class="input" v-model="typed" @change="tell">
        <option v-for="[key, text] in options" :key="key" :value="key">{{ text }}</option>
      </select>
      <template v-else>
        <input class="input" :type="kind" v-model="typed" :placeholder="hint" :list="list" autocomplete="off"
          spellcheck="false" :min="kind === 'number' ? 0 : null" @change="tell" @keydown.enter="tell">
        <datalist :id="list"><option v-for="option in options" :key="option" :value="option"></option></datalist>
      </template>
    </label>
  `,
  emits: ["change"], // else the native event of the same name would be told as well
  props: { kind: String, label: String, value: [String, Boolean], options: Array, hint: String },
  data() {
    return { typed: this.value, told: this.value, list: `field-options-${++made}` };
  },
  watch: {
    value(now) {
      this.typed = this.told = now;
    },
  },
  methods: {
    // What the server shows may be what it showed last, while something else was typed.
    show(value) {
      this.typed = this.told = value;
    },
    tell() {
      const typed = String(this.typed ?? "").trim();
      if (typed === this.told) return;
      this.told = typed;
      this.$emit("change", typed);
    },
  },
};
