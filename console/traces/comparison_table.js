// The spans of two traces, one row per pair.
export default {
  template: `
    <div class="compare-scroll" tabindex="0" role="region" aria-label="Comparison of spans">
      <table class="compare">
        <thead><tr>
          <th scope="col">Span</th><th scope="col" class="right">A</th><th scope="col" class="right">B</th>
          <th scope="col" class="right">Difference</th><th scope="col" class="right">Tokens A, B</th>
          <th scope="col" class="right">Cost A, B</th><th scope="col">Changed attributes</th>
        </tr></thead>
        <tbody>
          <tr v-for="(pair, index) in pairs" :key="index" :class="{ 'only-one': pair.only }"
              :style="{ '--depth': Math.min(pair.depth, 12) }">
            <td class="name">{{ pair.name }}
              <span v-if="pair.only" class="chip warn">only in {{ pair.only }}</span>
              <span v-for="side in pair.failed" :key="side" class="chip bad">failed in {{ side }}</span></td>
            <td class="right">{{ pair.left }}</td>
            <td class="right">{{ pair.right }}</td>
            <td class="longer"><span v-if="!pair.only" class="delta" aria-hidden="true"><i :class="pair.longer > 0 ? 'slower' : 'faster'"
              :style="{ width: width(pair) + 'px' }"></i></span> <span class="number">{{ pair.longerText }}</span></td>
            <td class="right">{{ pair.tokens[0] }}<br>{{ pair.tokens[1] }}</td>
            <td class="right">{{ pair.costs[0] }}<br>{{ pair.costs[1] }}</td>
            <td class="said"><div v-for="[name, a, b] in pair.differences" :key="name">{{ name }}: <del>{{ a }}</del> → <ins>{{ b }}</ins></div></td>
          </tr>
        </tbody>
      </table>
    </div>
  `,
  props: { pairs: Array },
  computed: {
    most() {
      return Math.max(1e-9, ...this.pairs.map((pair) => Math.abs(pair.longer ?? 0)));
    },
  },
  methods: {
    width(pair) {
      return Math.max(1, (Math.abs(pair.longer ?? 0) / this.most) * 60);
    },
  },
};
