// States over time: one band per series, made of pieces that say what they are. Shares the crosshair of the charts.
const ui = window.consoleUi;

export default {
  template: `
    <div class="bands">
      <div class="bands-rows">
        <div class="band" v-for="(band, index) in view.bands" :key="index">
          <div class="band-name" :title="band.name">{{ band.name }}</div>
          <div class="band-track" role="img" :aria-label="spoken(band)" tabindex="0">
            <div v-for="(piece, place) in band.pieces" :key="place" class="band-piece"
                 :style="{ left: percent(piece.start), width: percent(piece.end, piece.start), '--state': piece.color }"
                 :title="piece.text + ' · ' + clock(piece.start) + ' to ' + clock(piece.end) + ' UTC'"
                 :data-value="piece.value"><span v-if="!view.silent">{{ piece.text }}</span></div>
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
      return [0, 1, 2, 3, 4].map((part) => start + ((end - start) * (part + 0.5)) / 5);
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
