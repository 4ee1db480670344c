// A state timeline: one row per series, made of segments that show a state.
const ui = window.consoleUi;
const MAX_TICKS = 6;
const MARGIN = 0.04; // share of the axis at both ends, where a label would be cut off
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200].map((minutes) => minutes * 60e3);

export default {
  template: `
    <div class="bands">
      <div class="bands-rows">
        <div class="band" v-for="(row, index) in view.rows" :key="index">
          <div class="band-name from-end" :title="row.name"><bdi dir="ltr">{{ row.name }}</bdi></div>
          <div class="band-track" role="img" :aria-label="summary(row)" tabindex="0">
            <div v-for="(segment, place) in row.segments" :key="place" class="band-piece"
                 :style="{ left: percent(segment.start), width: percent(segment.end, segment.start), '--state': segment.color }"
                 :title="segment.text + ' · ' + clock(segment.start) + ' to ' + clock(segment.end) + ' UTC'"
                 :data-value="segment.value"><span>{{ segment.text }}</span></div>
          </div>
        </div>
      </div>
      <div class="band-axis" aria-hidden="true">
        <span v-for="tick in ticks" :key="tick" :style="{ left: percent(tick) }">{{ label(tick) }}</span>
      </div>
      <div class="band-words" v-if="view.legend.length">
        <span v-for="item in view.legend" :key="item.text"><span class="swatch" :style="{ background: item.color }"></span>
          {{ item.text }}</span>
      </div>
    </div>`,

  props: { view: Object },

  computed: {
    ticks() {
      const { start, end } = this.view;
      const step = STEPS_MS.find((one) => (end - start) / one <= MAX_TICKS) ?? STEPS_MS.at(-1);
      const first = Math.ceil(start / step) * step;
      const ticks = Array.from({ length: Math.floor((end - first) / step) + 1 }, (_, place) => first + place * step);
      return ticks.filter((tick) => tick - start > MARGIN * (end - start) && end - tick > MARGIN * (end - start));
    },
  },

  methods: {
    percent(time, from) {
      const { start, end } = this.view;
      return `${(100 * (time - (from ?? start))) / (end - start)}%`;
    },
    clock: (time) => ui.clock(time),
    label(time) {
      const text = ui.clock(time);
      return this.view.end - this.view.start > 2 * 86400e3 ? text.slice(5, 10) : text.slice(11, 16);
    },
    summary(row) {
      const last = row.segments[row.segments.length - 1];
      return `${row.name}: ${last ? last.text : "no data"}, ${row.segments.length} segments in this range`;
    },
  },
};
