// The results of a search for traces. Each row and each dot links to its trace. Sorting and selection happen here.
const COLUMNS = [
  ["ms", "Started (UTC)", ""], ["name", "Trace", ""], ["duration", "Duration", "right"], ["model", "Model", ""],
  ["tenant", "Tenant", ""], ["tokens", "Tokens in → out", "right"], ["cost", "Cost", "right"], ["spans", "Spans", "right"],
];

export default {
  template: `
    <div>
      <figure class="dots" aria-label="Duration over time, one dot per trace">
        <div class="dots-plot">
          <span class="dots-max" aria-hidden="true">{{ ms(longest) }}</span>
          <a v-for="trace in traces" :key="trace.id" :href="trace.page" :class="{ error: trace.errors }" tabindex="-1"
            :style="{ left: across(trace) + '%', top: 100 - (trace.duration / longest) * 92 + '%' }"
            :title="clock(trace.ms) + ' · ' + trace.name + ' · ' + trace.durationText" :aria-label="trace.name"></a>
        </div>
        <div class="bars-axis" aria-hidden="true">
          <span v-for="share in [0, 0.25, 0.5, 0.75]" :key="share" :style="{ left: share * 100 + '%' }">
            {{ clock(start + share * (end - start)) }}</span>
        </div>
      </figure>
      <div class="count-line">
        <span class="muted">{{ count }}</span>
        <a v-if="selected.length === 2" class="btn primary" :href="comparison">Compare traces</a>
        <span v-else class="muted">Select {{ selected.length === 1 ? "one more trace" : "two traces" }} to compare</span>
      </div>
      <table class="trace-table">
        <thead><tr>
          <th scope="col"><span class="sr-only">compare</span></th>
          <th v-for="[key, text, look] in columns" :key="key" scope="col" :class="look" :aria-sort="sort === key ? (down ? 'descending' : 'ascending') : null">
            <button type="button" @click="by(key)">{{ text }}{{ sort === key ? (down ? " ↓" : " ↑") : "" }}</button></th>
        </tr></thead>
        <tbody>
          <tr v-for="trace in sorted" :key="trace.id" :class="{ error: trace.errors }" :data-trace="trace.id">
            <td><input type="checkbox" :aria-label="'Compare ' + trace.name + ' of ' + clock(trace.ms)" :checked="selected.includes(trace.id)"
              @change="select(trace.id)"></td>
            <td class="muted">{{ clock(trace.ms) }}</td>
            <td class="name"><a :href="trace.page">{{ trace.name }}</a> <span class="muted">{{ trace.service }}</span>
              <span v-if="trace.errors" class="chip bad">{{ trace.errors }} failed {{ trace.errors === 1 ? "span" : "spans" }}</span></td>
            <td class="right">{{ trace.durationText }}<i class="duration-bar" :style="{ width: (trace.duration / longest) * 100 + '%' }"></i></td>
            <td>{{ trace.known ? trace.model : "…" }}</td>
            <td>{{ trace.tenant }}</td>
            <td class="right">{{ trace.tokensText }}</td>
            <td class="right">{{ trace.costText }}</td>
            <td class="right muted">{{ trace.spans }}</td>
          </tr>
        </tbody>
      </table>
    </div>
  `,
  props: { traces: Array, start: Number, end: Number, truncated: Boolean },
  data() {
    return { columns: COLUMNS, sort: "ms", down: true, selected: [] };
  },
  computed: {
    longest() {
      return Math.max(1, ...this.traces.map((trace) => trace.duration));
    },
    sorted() {
      const sign = this.down ? -1 : 1;
      const value = (trace) => trace[this.sort] ?? "";
      return [...this.traces].sort((a, b) => (value(a) > value(b) ? sign : value(a) < value(b) ? -sign : 0));
    },
    count() {
      const traces = `${this.traces.length} trace${this.traces.length === 1 ? "" : "s"}`;
      return this.truncated ? `The newest ${traces}` : traces;
    },
    comparison() {
      // A is the older trace.
      const [a, b] = this.selected
        .map((id) => this.traces.find((trace) => trace.id === id) ?? { id, ms: 0 })
        .sort((one, other) => one.ms - other.ms);
      return `/traces/compare?a=${encodeURIComponent(a.id)}&b=${encodeURIComponent(b.id)}`;
    },
  },
  methods: {
    ms: (value) => consoleUi.formatted(value, "ms"),
    clock(ms) {
      const text = consoleUi.clock(ms, true);
      return this.end - this.start > 86400000 ? text.slice(5) : text.slice(11);
    },
    across(trace) {
      return Math.min(100, Math.max(0, ((trace.ms - this.start) / (this.end - this.start)) * 100));
    },
    by(key) {
      this.down = this.sort === key ? !this.down : true;
      this.sort = key;
    },
    select(id) {
      const others = this.selected.filter((one) => one !== id);
      this.selected = this.selected.includes(id) ? others : [...others, id].slice(-2);
    },
  },
};
