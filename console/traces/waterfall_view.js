// A trace as a waterfall: one row per span, a click shows its attributes. All values are bound as text, which Vue escapes.
export default {
  template: `
    <div class="waterfall" role="table" aria-label="Spans of the trace">
      <div class="waterfall-head" role="row">
        <span role="columnheader">Span</span>
        <span role="columnheader" class="waterfall-ticks" aria-label="Time">
          <span v-for="share in [0, 0.25, 0.5, 0.75]" :key="share" :style="{ left: share * 100 + '%' }">
            {{ ms(share * length) }}</span>
        </span>
        <span class="span-numbers" role="columnheader"><span>Duration</span><span>Tokens in → out</span><span>Cost</span></span>
      </div>
      <template v-for="row in rows" :key="row.id">
        <button type="button" class="span-row" role="row" :aria-expanded="open.has(row.id)" :data-span="row.id"
          :id="'span-' + row.id" @click="toggle(row)">
          <span class="span-name" role="cell" :style="{ '--depth': Math.min(row.depth, 12) }" :title="row.name + (row.note ? ' · ' + row.note : '')">
            <i :style="{ background: row.error ? 'var(--bad)' : color(row) }"></i>
            <span>
              <span v-if="row.error" class="bad" aria-label="failed">⚠ </span><span class="span-title">{{ row.name }}</span>
              <span class="span-note"> {{ row.note }}</span>
            </span>
          </span>
          <span class="span-lane" role="cell">
            <i :style="{ left: Math.min(row.offset * 100, 99.6) + '%', width: row.width * 100 + '%',
              background: row.error ? 'var(--bad)' : color(row) }"></i>
            <b v-for="at in row.marks" :key="at" :style="{ left: at * 100 + '%' }"></b>
          </span>
          <span class="span-numbers" role="cell">
            <span>{{ row.duration }}</span>
            <span :class="{ unknown: !row.tokens }">{{ row.tokens }}</span>
            <span :class="{ unknown: row.unpriced }">{{ row.cost }}</span>
          </span>
        </button>
        <div v-if="open.has(row.id)" class="span-detail">
          <p v-if="row.error" class="span-error">{{ row.error }}</p>
          <template v-for="group in row.groups" :key="group.title">
            <h4>{{ group.title }}</h4>
            <dl>
              <template v-for="[name, value] in group.pairs" :key="name"><dt>{{ name }}</dt><dd>{{ value }}</dd></template>
            </dl>
          </template>
          <template v-if="row.links.length">
            <h4>Links</h4>
            <p v-for="[trace, span] in row.links" :key="span"><a :href="'/traces/' + encodeURIComponent(trace) + '?span=' + encodeURIComponent(span)">
              span {{ span }} of trace {{ trace }}</a></p>
          </template>
        </div>
      </template>
      <div class="waterfall-total" role="row">
        <span role="cell">Total</span><span role="cell"></span>
        <span class="span-numbers" role="cell"><span>{{ total.duration }}</span><span>{{ total.tokens }}</span><span>{{ total.cost }}</span></span>
      </div>
    </div>
  `,
  emits: ["opened"],
  props: { rows: Array, length: Number, total: Object, services: Array, opened: String },
  data() {
    return { open: new Set(this.opened ? [this.opened] : []) };
  },
  mounted() {
    if (this.opened) document.getElementById("span-" + this.opened)?.scrollIntoView({ block: "center" });
  },
  methods: {
    ms: (value) => consoleUi.formatted(value, "ms"),
    color(row) {
      // Spans of our own names have fixed colours; others are coloured by service.
      const kinds = { generate: 2, chat: 3, embeddings: 7, retrieval: 0, evaluate: 6 };
      const kind = kinds[row.name.split(" ")[0]];
      return consoleUi.series(kind ?? 5 + this.services.indexOf(row.service));
    },
    toggle(row) {
      const opens = !this.open.delete(row.id);
      if (opens) this.open.add(row.id);
      this.$emit("opened", opens ? row.id : "");
    },
  },
};
