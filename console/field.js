// An input that keeps the typed text. The server gets the value on leaving and on Enter, not with every letter.
let count = 0;

export default {
  template: `
    <label v-if="kind === 'check'" class="field-check">
      <input type="checkbox" :checked="value" @change="$emit('change', $event.target.checked)">
      <span>{{ label }}</span>
    </label>
    <label v-else class="field">
      <span class="field-label">{{ label }}</span>
      <select v-if="kind === 'choice'" class="input" v-model="typed" @change="send">
        <option v-for="[key, text] in options" :key="key" :value="key">{{ text }}</option>
      </select>
      <template v-else>
        <input class="input" :type="kind" v-model="typed" :placeholder="hint" :list="list" autocomplete="off"
          spellcheck="false" :min="kind === 'number' ? 0 : null" @change="send" @keydown.enter="send">
        <datalist :id="list"><option v-for="option in options" :key="option" :value="option"></option></datalist>
      </template>
    </label>
  `,
  emits: ["change"], // without this line the native change event would be sent too
  props: { kind: String, label: String, value: [String, Boolean], options: Array, hint: String },
  data() {
    return { typed: this.value, sent: this.value, list: `field-options-${++count}` };
  },
  watch: {
    value(now) {
      this.typed = this.sent = now;
    },
  },
  methods: {
    // Replaces the typed text. The property may have this value already, so that its watcher does not run.
    show(value) {
      this.typed = this.sent = value;
    },
    send() {
      const typed = String(this.typed ?? "").trim();
      if (typed === this.sent) return;
      this.sent = typed;
      this.$emit("change", typed);
    },
  },
};
