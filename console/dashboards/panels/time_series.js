// A time series panel: lines or bars, thresholds, annotations, exemplars and legend. All charts share the crosshair.
import { echarts } from "nicegui-echart";

const ui = window.consoleUi;
const MAX_ANNOTATIONS = 5; // in a tooltip
const charts = new Set(); // all charts of the page

function moveCrosshairs(time, from) {
  for (const chart of charts) chart.showCrosshair(time, chart === from);
}

// A canvas cannot draw `var(--bad)`.
function canvasColor(color) {
  return ui.color(color.slice(6, -1));
}

function translucent(color, opacity) {
  return echarts.color.modifyAlpha(color, opacity);
}

// Annotations with the same start get one dashed line: overlapping dashed lines would not look dashed.
function isFirst(annotation, place, all) {
  return place === all.findIndex((one) => one.time === annotation.time && one.color === annotation.color);
}

// Overlapping annotations of one colour get one area: many areas over each other would hide the series.
function mergedAreas(annotations) {
  const areas = [];
  for (const { time, end, color } of [...annotations].sort((one, other) => one.time - other.time)) {
    const before = areas.findLast((area) => area.color === color);
    if (before && time <= before.end) before.end = Math.max(before.end, end);
    else if (end > time) areas.push({ time, end, color });
  }
  return areas;
}

export default {
  template: `
    <div class="chart">
      <div class="chart-plot" ref="plot" tabindex="0" role="img" :aria-label="summary"
           @keydown="onKey" @focus="onFocus" @blur="leave" @mouseleave="leave">
        <div class="chart-canvas" ref="canvas"></div>
        <div class="chart-cross" ref="cross" hidden></div>
        <div class="chart-brush" ref="brush" hidden></div>
      </div>
      <div class="chart-tip" ref="tip" hidden></div>
      <div v-if="view.series.length" class="chart-legend" role="group" aria-label="Series">
        <table>
          <thead><tr><th scope="col" class="sr-only">Series</th>
            <th scope="col" v-for="name in view.calculations">{{ name }}</th></tr></thead>
          <tbody>
            <tr v-for="(line, index) in view.series" :key="index" :class="{ off: isOff(index) }">
              <td><button type="button" :aria-pressed="String(!isOff(index))" @click="pick(index, $event)"
                          :title="line.name">
                <span class="swatch" :style="{ background: colors[index] }"></span><span class="from-end"><bdi dir="ltr">{{ line.name }}</bdi></span>
              </button></td>
              <td v-for="(text, place) in line.texts" :data-value="line.numbers[place]">{{ text }}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </div>`,

  props: { view: Object },
  data: () => ({ off: [], colors: [] }),

  computed: {
    summary() {
      const parts = this.view.series.map((one) => `${one.name}: ${one.texts[0] ?? "–"}`);
      return `${this.view.title}. ${parts.slice(0, 12).join("; ")}. Arrow keys move the crosshair.`;
    },
  },

  mounted() {
    this.chart = echarts.init(this.$refs.canvas, null, { renderer: "canvas", useDirtyRect: false });
    charts.add(this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.$refs.canvas);
    this.themed = () => this.draw();
    window.addEventListener("themechange", this.themed);
    this.chart.on("click", (event) => {
      if (event.seriesId === "exemplars") this.openTrace(event.data[2]);
    });
    const pointer = this.chart.getZr();
    pointer.on("mousemove", (event) => this.onMove(event));
    pointer.on("mousedown", (event) => this.onPress(event));
    pointer.on("mouseup", (event) => this.onRelease(event));
    this.draw();
  },

  beforeUnmount() {
    charts.delete(this);
    this.observer.disconnect();
    window.removeEventListener("themechange", this.themed);
    this.chart.dispose();
  },

  watch: {
    view() {
      this.draw();
    },
  },

  methods: {
    // --- Drawing ----------------------------------------------------------------------------------------

    draw() {
      if (!this.chart || this.chart.isDisposed()) return;
      const view = Vue.toRaw(this.view);
      this.colors = view.series.map((_, index) => canvasColor(ui.series(index)));
      this.chart.setOption(this.options(view), { notMerge: true, lazyUpdate: true });
    },

    // The observer first reports the size that the chart has already.
    resize() {
      const { offsetWidth: width, offsetHeight: height } = this.$refs.canvas;
      if (width && height && (width !== this.chart.getWidth() || height !== this.chart.getHeight())) this.chart.resize();
    },

    options(view) {
      const text = ui.color("muted");
      const bottom = view.min ?? view.soft_min;
      return {
        animation: false,
        useUTC: true,
        textStyle: { fontFamily: "inherit" },
        grid: { left: 4, right: 10, top: 8, bottom: 2, containLabel: true },
        xAxis: {
          type: "time", min: view.start, max: view.end, splitNumber: 6,
          axisLine: { lineStyle: { color: ui.color("grid") } },
          axisTick: { show: false },
          axisLabel: {
            color: text, fontSize: 11, hideOverlap: true,
            formatter: view.end - view.start > 2 * 86400e3
              ? { year: "{yyyy}", month: "{MM}-{dd}", day: "{MM}-{dd}", hour: "{HH}:{mm}" }
              : { day: "{MM}-{dd}", hour: "{HH}:{mm}", minute: "{HH}:{mm}", second: "{HH}:{mm}:{ss}" },
          },
          splitLine: { show: true, lineStyle: { color: ui.color("grid") } },
        },
        yAxis: {
          type: "value", scale: true, splitNumber: 4,
          min: view.min ?? (view.soft_min === null ? undefined : (axis) => Math.min(axis.min, view.soft_min)),
          max: view.max ?? undefined,
          // An axis with two fixed ends has four equal intervals.
          interval: bottom !== null && view.max !== null ? (view.max - bottom) / 4 : view.interval ?? undefined,
          axisLabel: { color: text, fontSize: 11, formatter: (value) => ui.formatted(value, view.unit) },
          splitLine: { lineStyle: { color: ui.color("grid") } },
        },
        series: [...view.series.map((line, index) => this.series(view, line, index)), ...this.marks(view)],
      };
    },

    series(view, line, index) {
      const color = this.colors[index];
      const { values } = line;
      const alone = (place) => (values[place - 1] ?? null) === null && (values[place + 1] ?? null) === null;
      const data = this.isOff(index) ? [] : values.map((value, place) => {
        const point = [view.first + place * view.step, value];
        return value !== null && alone(place) && !view.bars ? { value: point, symbol: "circle", symbolSize: 4 } : point;
      });
      const shared = { name: line.name, data, silent: true, stack: view.stacked ? "all" : undefined, itemStyle: { color } };
      if (view.bars) {
        return { ...shared, type: "bar", barMaxWidth: 14, itemStyle: { color: translucent(color, view.fill), borderColor: color } };
      }
      return {
        ...shared, type: "line", symbol: "none", lineStyle: { color, width: 1.5 },
        areaStyle: view.fill ? { color: translucent(color, view.fill), origin: "start" } : undefined,
        connectNulls: line.span_nulls, emphasis: { disabled: true },
      };
    },

    // Thresholds, annotations and exemplars.
    marks(view) {
      const visible = view.annotations.filter((one) => one.end >= view.start && one.time <= view.end);
      return [
        {
          id: "marks", type: "line", data: [], silent: true, z: 1, // behind the series
          markLine: {
            symbol: "none", silent: true, animation: false, label: { show: false },
            data: [
              ...view.thresholds.map((one) => ({
                yAxis: one.value, lineStyle: { color: canvasColor(one.color), type: "dashed", width: 1 },
              })),
              ...visible.filter(isFirst).map((one) => ({
                xAxis: Math.max(one.time, view.start),
                lineStyle: { color: canvasColor(one.color), type: [4, 3], width: 1.2 },
              })),
            ],
          },
          markArea: {
            silent: true, animation: false,
            data: mergedAreas(visible).map((one) => [
              { xAxis: Math.max(one.time, view.start), itemStyle: { color: translucent(canvasColor(one.color), 0.06) } },
              { xAxis: Math.min(one.end, view.end) },
            ]),
          },
        },
        {
          id: "exemplars", type: "scatter", symbol: "diamond", symbolSize: 8, cursor: "pointer", z: 5,
          itemStyle: { color: ui.color("accent"), borderColor: ui.color("surface"), borderWidth: 1, opacity: 0.8 },
          data: view.exemplars.map((one) => [one.time, one.value, one.trace]),
          clip: true,
        },
      ];
    },

    // --- Legend -----------------------------------------------------------------------------------------

    isOff(index) {
      return this.off.includes(this.view.series[index]?.name);
    },

    // As in Grafana: a click shows this series alone or all series again, Ctrl + click hides or shows this series.
    pick(index, event) {
      const names = this.view.series.map((line) => line.name);
      const name = names[index];
      if (event.ctrlKey || event.metaKey) {
        this.off = this.off.includes(name) ? this.off.filter((one) => one !== name) : [...this.off, name];
      } else {
        const others = names.filter((one) => one !== name);
        const alone = !this.off.includes(name) && others.every((one) => this.off.includes(one));
        this.off = alone ? [] : others;
      }
      this.draw();
    },

    // --- Hover ------------------------------------------------------------------------------------------

    timeAt(x) {
      return this.chart.convertFromPixel({ xAxisIndex: 0 }, x);
    },

    // The area of the series; undefined between new options and the next frame.
    plotArea() {
      return this.chart.getModel()?.getComponent("grid")?.coordinateSystem?.getRect();
    },

    onMove(event) {
      const area = this.plotArea();
      if (!area) return;
      const x = Math.min(Math.max(event.offsetX, area.x), area.x + area.width);
      if (this.pressed !== undefined) this.showBrush(this.pressed, x, area);
      moveCrosshairs(this.timeAt(x), this);
    },

    leave() {
      this.pressed = undefined;
      this.$refs.brush.hidden = true;
      moveCrosshairs(null, this);
    },

    showCrosshair(time, own) {
      const { cross, tip } = this.$refs;
      if (!cross) return;
      const view = Vue.toRaw(this.view);
      const area = this.plotArea();
      const within = area && time !== null && time >= view.start && time <= view.end;
      cross.hidden = !within;
      tip.hidden = !within || !own;
      if (cross.hidden) return;
      const x = this.chart.convertToPixel({ xAxisIndex: 0 }, time);
      cross.style.transform = `translateX(${x}px)`;
      cross.style.top = `${area.y}px`;
      cross.style.height = `${area.height}px`;
      this.cursor = time;
      if (!tip.hidden) this.fillTip(view, time, x);
    },

    // Text from a server is inserted as text, never as markup.
    fillTip(view, time, x) {
      const place = Math.round((time - view.first) / view.step);
      const { tip } = this.$refs;
      const add = (parent, tag, name, text) => {
        const made = parent.appendChild(document.createElement(tag));
        made.className = name;
        if (text !== undefined) made.textContent = text;
        return made;
      };
      tip.textContent = "";
      add(tip, "div", "tip-time", `${ui.clock(view.first + place * view.step)} UTC`);
      view.series
        .map((line, index) => ({ line, color: this.colors[index], value: line.values[place] ?? null, index }))
        .filter((one) => one.value !== null && !this.isOff(one.index))
        .sort((one, other) => other.value - one.value)
        .slice(0, 16)
        .forEach((one) => {
          const row = add(tip, "div", "tip-row");
          add(row, "span", "swatch").style.background = one.color;
          add(row, "span", "tip-name", one.line.name);
          add(row, "span", "tip-value", ui.formatted(one.value, one.line.unit, one.line.decimals));
        });
      const near = this.exemplarNear(view, time);
      if (near) add(tip, "div", "tip-note", `◆ ${ui.formatted(near.value, view.unit)} · trace ${near.trace.slice(0, 8)}… (press Enter or click to open)`);
      const hovered = view.annotations.filter((one) => time >= one.time - view.step && time <= one.end + view.step);
      hovered.slice(0, MAX_ANNOTATIONS)
        .forEach((one) => {
          const row = add(tip, "div", "tip-note");
          add(row, "span", "swatch").style.background = canvasColor(one.color);
          add(row, "span", "", `${one.title}${one.text ? ` · ${one.text}` : ""}`);
        });
      if (hovered.length > MAX_ANNOTATIONS) add(tip, "div", "tip-note", `and ${hovered.length - MAX_ANNOTATIONS} more`);
      // Beside the crosshair, and within the window.
      const box = this.$refs.plot.getBoundingClientRect();
      const width = document.documentElement.clientWidth;
      const at = box.left + x;
      const beside = at + 14 + tip.offsetWidth < width ? at + 14 : at - 14 - tip.offsetWidth;
      tip.style.left = `${Math.max(4, beside)}px`;
      tip.style.top = `${Math.max(4, Math.min(box.top + 4, innerHeight - tip.offsetHeight - 4))}px`;
    },

    // --- Keyboard ---------------------------------------------------------------------------------------

    onFocus() {
      if (this.$refs.plot.matches(":focus-visible")) moveCrosshairs(this.view.end, this);
    },

    onKey(event) {
      const view = Vue.toRaw(this.view);
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
      if (event.key in steps) {
        const from = Math.round(((this.cursor ?? view.end) - view.first) / view.step);
        const last = Math.floor((view.end - view.first) / view.step);
        const place = Math.min(Math.max(from + steps[event.key], 0), last);
        moveCrosshairs(view.first + place * view.step, this);
      } else if (event.key === "Enter") {
        const near = this.exemplarNear(view, this.cursor ?? view.end);
        if (near) this.openTrace(near.trace);
      } else if (event.key === "Escape") {
        this.leave();
      } else {
        return;
      }
      event.preventDefault();
    },

    exemplarNear(view, time) {
      const near = view.exemplars.filter((one) => Math.abs(one.time - time) <= view.step);
      return near.sort((one, other) => Math.abs(one.time - time) - Math.abs(other.time - time))[0];
    },

    openTrace(trace) {
      if (/^[0-9a-fA-F]{1,32}$/.test(trace)) location.href = `/traces/${trace}`;
    },

    // --- Zoom by dragging -------------------------------------------------------------------------------------

    onPress(event) {
      if (event.event.button === 0 && !(event.target && event.target.cursor === "pointer")) this.pressed = event.offsetX;
    },

    showBrush(from, to, area) {
      const { brush } = this.$refs;
      brush.hidden = Math.abs(to - from) < 4;
      brush.style.left = `${Math.min(from, to)}px`;
      brush.style.width = `${Math.abs(to - from)}px`;
      brush.style.top = `${area.y}px`;
      brush.style.height = `${area.height}px`;
    },

    onRelease(event) {
      if (this.pressed === undefined) return;
      const [from, to] = [this.pressed, event.offsetX].sort((one, other) => one - other);
      this.leave();
      if (to - from > 5 && this.plotArea()) this.$emit("zoom", { from: Math.round(this.timeAt(from)), to: Math.round(this.timeAt(to)) });
    },
  },
};
