// Log lines, one row each; a click shows all fields. Everything is bound as text: Vue escapes it.
export default {
  template: `
    <div class="log-lines" role="list">
      <div v-for="line in lines" :key="line.id" role="listitem" class="log-line"
        :class="['severity-' + line.severity, { marked: marked && line.span === marked, fresh: line.new }]"
        :data-trace="line.trace" :data-span="line.span">
        <button type="button" class="log-row" :aria-expanded="open.has(line.id)" @click="toggle(line.id)">
          <time :datetime="iso(line.ms)" :title="iso(line.ms)">{{ clock(line.ms) }}</time>
          <span class="log-severity">{{ line.severity === "none" ? "" : line.severity }}</span>
          <span class="log-body">{{ line.body || "(no text)" }}</span>
          <span class="log-facts">
            <span v-for="[text, look, name] in line.facts" :key="name" :class="look" :title="name">{{ text }}</span>
          </span>
        </button>
        <a v-if="traces && line.trace" class="log-trace" :href="traceOf(line)" title="Open its trace"
          aria-label="Open its trace">trace →</a>
        <dl v-if="open.has(line.id)" class="log-fields">
          <template v-for="[name, value] in all(line)" :key="name">
            <dt>{{ name }}</dt>
            <dd>
              <a v-if="name === 'trace_id'" :href="traceOf(line)">{{ value }}</a>
              <span v-else>{{ value }}</span>
              <button v-if="choosing && name !== 'span_id'" type="button" class="only"
                :aria-label="'Only lines with this ' + name" :title="'Only lines with this ' + name"
                @click="$emit('choose', name, value)">only</button>
            </dd>
          </template>
        </dl>
      </div>
    </div>
  `,
  emits: ["choose"],
  props: { lines: Array, choosing: Boolean, traces: Boolean, marked: String },
  data() {
    return { open: new Set() };
  },
  methods: {
    clock(ms) {
      return consoleUi.clock(ms, this.days) + "." + String(Math.floor(ms) % 1000).padStart(3, "0");
    },
    iso(ms) {
      return new Date(ms).toISOString();
    },
    traceOf(line) {
      return `/traces/${encodeURIComponent(line.trace)}?span=${encodeURIComponent(line.span)}`;
    },
    toggle(id) {
      if (!this.open.delete(id)) this.open.add(id);
    },
    all(line) {
      const own = [["service", line.service], ["trace_id", line.trace], ["span_id", line.span]];
      return [...own.filter(([, value]) => value), ...line.fields.filter(([name]) => name !== "service")];
    },
  },
  computed: {
    // The day is said where the lines are of several.
    days() {
      return new Set(this.lines.map((line) => Math.floor(line.ms / 86400000))).size > 1;
    },
  },
};
