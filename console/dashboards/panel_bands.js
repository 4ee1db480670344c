// States over time: one band per series, made of pieces that say what they are. Shares the crosshair of the charts.
const ui = window.consoleUi;
const MOST_TICKS = 6;
const MARGIN = 0.04; // of the axis at both ends, where a text would be cut off
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200].map((minutes) => minutes * 60e3);

export default {
  template: `
    <div class="bands">
      <div class="bands-rows">
        <div class="band" v-for="(band, index) in view.bands" :key="index">
          <div class="band-name from-end" :title="band.name"><bdi dir="ltr">{{ band.name }}</bdi></div>
          <div class="band-track" role="img" :aria-label="spoken(band)" tabindex="0">
            <div v-for="(piece, place) in band.pieces" :key="place" class="band-piece"
                 :style="{ left: percent(piece.start), width: percent(piece.end, piece.start), '--state': piece.color }"
                 :title="piece.text + ' · ' + clock(piece.start) + ' to ' + clock(piece.end) + ' UTC'"
                 :data-value="piece.value"><span>{{ piece.text }}</span></div>
          </div>
        </div>
      </div>
      <div class="band-axis" aria-hidden="true">
        <span v-for="tick in ticks" :key="tick" :style="{ left: percent(tick) }">{{ label(tick) }}</span>
      </div>
      <div class="band-words" v-if="view.words.length">
        <span v-for="word in view.words" :key="word.text"><span class="swatch" :style="{ background: word.color }"></span>
          {{ word.text }}</span>
      </div>
    </div>`,

  props: { view: Object },

  computed: {
    ticks() {
      const { start, end } = this.view;
      const step = STEPS_MS.find((one) => (end - start) / one <= MOST_TICKS) ?? STEPS_MS.at(-1);
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
    spoken(band) {
      const last = band.pieces[band.pieces.length - 1];
      return `${band.name}: ${last ? last.text : "nothing"}, ${band.pieces.length} states in this range`;
    },
  },
};
