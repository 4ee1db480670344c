// Log lines, one row each; a click shows all fields. All values are bound as text, which Vue escapes.
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
        <a v-if="traces && line.trace" class="log-trace" :href="traceOf(line)" title="Open trace"
          aria-label="Open trace">trace →</a>
        <dl v-if="open.has(line.id)" class="log-fields">
          <template v-for="[name, value] in all(line)" :key="name">
            <dt>{{ name }}</dt>
            <dd>
              <a v-if="name === 'trace_id'" :href="traceOf(line)">{{ value }}</a>
              <span v-else>{{ value }}</span>
              <button v-if="filters && name !== 'span_id'" type="button" class="only"
                :aria-label="'Filter by this ' + name" :title="'Filter by this ' + name"
                @click="$emit('filter', name, value)">filter</button>
            </dd>
          </template>
        </dl>
      </div>
    </div>
  `,
  emits: ["filter"],
  props: { lines: Array, filters: Boolean, traces: Boolean, marked: String },
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
    // Show the day if the lines span several days.
    days() {
      return new Set(this.lines.map((line) => Math.floor(line.ms / 86400000))).size > 1;
    },
  },
};
