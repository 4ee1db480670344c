// Reads [{language: "logql" | "traceql", query}] from stdin and prints, for each, where its grammar finds errors.
const parsers = {
  logql: require("@grafana/lezer-logql").parser,
  traceql: require("@grafana/lezer-traceql").parser,
};
const asked = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const answers = asked.map(({ language, query }) => {
  const errors = [];
  parsers[language].parse(query).iterate({
    enter: (node) => void (node.type.isError && errors.push(`${node.from}: ${query.slice(node.from, node.from + 20)}`)),
  });
  return errors;
});
console.log(JSON.stringify(answers));
