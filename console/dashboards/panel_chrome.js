// A panel's frame: title, buttons and state. The panel's content is in the slot.
export default {
  template: `
    <section class="panel" :aria-label="title" :aria-busy="state === 'data' && busy ? 'true' : undefined"
             :data-state="state">
      <header class="panel-head">
        <h3 :title="title">{{ title }}</h3>
        <span v-if="time" class="panel-time">{{ time }}</span>
        <div class="panel-tools">
          <button v-if="described" type="button" class="btn icon flat panel-tool" aria-haspopup="true"
                  :aria-label="'Description of “' + title + '”'" title="Description" @click="$emit('description')">
            <q-icon name="info_outline" aria-hidden="true"></q-icon></button>
          <a v-if="viewKey" class="btn icon flat panel-tool" :href="viewAddress" @mouseenter="update" @focus="update"
             :aria-label="'View “' + title + '”'" title="View panel">
            <q-icon name="open_in_full" aria-hidden="true"></q-icon></a>
          <button type="button" class="btn icon flat panel-tool" aria-haspopup="true"
                  :aria-label="'Links and queries of “' + title + '”'" title="Links and queries" @click="$emit('more')">
            <q-icon name="more_vert" aria-hidden="true"></q-icon></button>
        </div>
      </header>
      <div v-if="warnings.length" class="panel-warning" role="alert">
        <div v-for="warning in warnings">Query failed: {{ warning }}</div>
      </div>
      <div class="panel-body">
        <div v-if="state === 'loading'" class="state state-loading" role="status">
          <span class="spinner" aria-hidden="true"></span>Loading…</div>
        <div v-else-if="state === 'empty'" class="state state-empty">
          <q-icon name="inbox" aria-hidden="true"></q-icon><div>No data: {{ message }}</div></div>
        <div v-else-if="state !== 'data'" class="state state-failed" role="alert">
          <q-icon name="error_outline" aria-hidden="true"></q-icon>
          <div><div class="failed-reason">{{ state === "failed" ? "Query failed: " : "" }}{{ message }}</div>
            <div v-if="hint" class="failed-next">{{ hint }}</div></div></div>
        <div class="panel-content" :class="{ 'panel-kept': state !== 'data' }"><slot></slot></div>
        <slot name="menu"></slot>
      </div>
    </section>`,
  props: {
    title: String, described: Boolean, viewKey: String, time: String,
    state: String, busy: Boolean, message: String, hint: String,
    warnings: { type: Array, default: () => [] },
  },
  data: () => ({ viewAddress: "" }),
  created() {
    this.update();
  },
  methods: {
    // The address of the page with this panel alone. It follows the page's time range and variables.
    update() {
      const address = new URL(location.href);
      address.searchParams.set("viewPanel", this.viewKey);
      this.viewAddress = address.pathname + address.search;
    },
  },
};
