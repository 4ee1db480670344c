// Log lines, newest first. All content of a line is inserted as text, never as markup.
export default {
  template: `
    <div class="log-lines" role="list">
      <details v-for="line in view" :key="line.key" class="log-line" role="listitem"
               @toggle="opened = { ...opened, [line.key]: $event.target.open }">
        <summary>
          <span class="log-level" :class="'level-' + line.level" :title="line.level"></span>
          <time>{{ line.time }}</time>
          <span class="log-text"><span v-for="field in line.selected" class="log-field"><b>{{ field[0] }}</b>={{ field[1] }}
            </span><span v-if="!line.selected.length">{{ line.body }}</span></span>
        </summary>
        <dl v-if="opened[line.key]">
          <template v-for="field in line.fields"><dt>{{ field[0] }}</dt><dd>{{ field[1] }}</dd></template>
        </dl>
        <a v-if="opened[line.key] && line.trace" class="btn" :href="'/traces/' + encodeURIComponent(line.trace)">Open trace</a>
      </details>
    </div>`,
  props: { view: Array },
  data: () => ({ opened: {} }),
};
