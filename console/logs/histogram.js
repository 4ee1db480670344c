// A histogram over time. Arrow keys move between bars, Enter zooms into a bar, dragging selects a range.
export default {
  template: `
    <figure class="bars" :aria-label="'Lines over time: ' + total + ' lines'">
      <div class="bars-legend" aria-hidden="true">
        <span v-for="(row, index) in rows" :key="row.name" class="bars-name">
          <i :style="{ background: color(row, index) }"></i>{{ row.name }}
          <b>{{ short(sum(row.counts)) }}</b>
        </span>
        <span class="grow"></span>
        <span class="bars-detail">{{ said }}</span>
      </div>
      <div class="bars-plot" ref="plot" tabindex="0" role="slider" aria-label="Lines over time; Enter zooms into the selected bar"
        :aria-valuemin="0" :aria-valuemax="Math.max(0, starts.length - 1)" :aria-valuenow="at ?? 0" :aria-valuetext="said"
        @pointermove="move" @pointerleave="leave" @pointerdown="press" @pointerup="release" @keydown="key">
        <svg :viewBox="'0 0 ' + Math.max(1, starts.length) + ' 100'" preserveAspectRatio="none" aria-hidden="true">
          <g v-for="(stack, index) in stacks" :key="index" :class="{ dim: chosen && !within(index) }">
            <rect v-for="part in stack" :key="part.name" :x="index + 0.08" width="0.84" :y="100 - part.top"
              :height="part.height" :style="{ fill: part.color }"></rect>
          </g>
          <rect v-if="at !== null" class="bars-here" :x="at" y="0" width="1" height="100"></rect>
        </svg>
        <span class="bars-max" aria-hidden="true">{{ short(most) }}</span>
      </div>
      <div class="bars-axis" aria-hidden="true">
        <span v-for="tick in ticks" :key="tick.at" :style="{ left: tick.left + '%' }">{{ tick.text }}</span>
      </div>
    </figure>
  `,
  emits: ["zoom"],
  props: { step: Number, starts: Array, rows: Array },
  data() {
    return { at: null, from: null };
  },
  computed: {
    total() {
      return this.rows.reduce((all, row) => all + this.sum(row.counts), 0);
    },
    totals() {
      return this.starts.map((_, index) => this.rows.reduce((all, row) => all + row.counts[index], 0));
    },
    most() {
      return Math.max(0, ...this.totals);
    },
    stacks() {
      return this.starts.map((_, index) => {
        let top = 0;
        return this.rows
          .map((row, of) => ({ name: row.name, count: row.counts[index], color: this.color(row, of) }))
          .filter((part) => part.count)
          .map((part) => {
            const height = (part.count / this.most) * 96;
            top += height;
            return { ...part, height, top };
          });
      });
    },
    chosen() {
      if (this.from === null || this.at === null || this.from === this.at) return null;
      return [Math.min(this.from, this.at), Math.max(this.from, this.at)];
    },
    said() {
      if (this.at === null || !this.starts.length) return `${this.total.toLocaleString("en-US")} line${this.total === 1 ? "" : "s"}`;
      const [first, last] = this.chosen ?? [this.at, this.at];
      const period = `${this.clock(this.starts[first])} – ${this.clock(this.starts[last] + this.step)}`;
      const parts = this.rows
        .map((row) => [row.name, this.sum(row.counts.slice(first, last + 1))])
        .filter(([, count]) => count)
        .map(([name, count]) => `${count} ${name}`);
      return `${period}: ${parts.join(", ") || "none"}`;
    },
    ticks() {
      if (!this.starts.length) return [];
      const every = Math.max(1, Math.ceil(this.starts.length / 6));
      return this.starts
        .map((at, index) => ({ at, text: this.clock(at), left: (index / this.starts.length) * 100 }))
        .filter((_, index) => index % every === 0);
    },
  },
  methods: {
    sum: (counts) => counts.reduce((all, count) => all + count, 0),
    short: (count) => consoleUi.formatted(count, "short"),
    color: (row, index) => (row.color ? `var(--${row.color})` : consoleUi.series(index)),
    clock(at) {
      const long = this.starts.length && this.starts.at(-1) - this.starts[0] > 86400;
      const text = consoleUi.clock(at * 1000, true);
      return long ? text.slice(5, 16) : this.step < 60 ? text.slice(11) : text.slice(11, 16);
    },
    within(index) {
      return this.chosen && index >= this.chosen[0] && index <= this.chosen[1];
    },
    indexOf(event) {
      const box = this.$refs.plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      return Math.min(this.starts.length - 1, Math.max(0, Math.floor(share * this.starts.length)));
    },
    move(event) {
      if (this.starts.length) this.at = this.indexOf(event);
    },
    leave() {
      if (this.from === null) this.at = null;
    },
    press(event) {
      if (!this.starts.length || event.button) return;
      this.from = this.at = this.indexOf(event);
      this.$refs.plot.setPointerCapture(event.pointerId);
    },
    release() {
      if (this.from === null) return;
      this.zoom(this.from, this.at);
      this.from = null;
    },
    key(event) {
      const last = this.starts.length - 1;
      const to = { ArrowLeft: (this.at ?? last + 1) - 1, ArrowRight: (this.at ?? -1) + 1, Home: 0, End: last }[event.key];
      if (to !== undefined && last >= 0) this.at = Math.min(last, Math.max(0, to));
      else if (event.key === "Enter" && this.at !== null) this.zoom(this.at, this.at);
      else if (event.key === "Escape") this.at = this.from = null;
      else return;
      event.preventDefault();
    },
    zoom(from, to) {
      const [first, last] = [Math.min(from, to), Math.max(from, to)];
      this.$emit("zoom", this.starts[first], this.starts[last] + this.step);
    },
  },
};
