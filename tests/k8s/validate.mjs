// Reads a JSON list of manifests from stdin and writes, for each, what is wrong with it or null.
// Never knows which fields there are: that is in the packages, made from the projects' own definitions. Those are compiled
// to functions that let unknown fields pass, so the fields that such a function never looks at are taken for unknown.
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";

const kinds = { HTTPRoute, PrometheusRule, ServiceMonitor };

/** The same value, which takes the path of each field out of `unread` as that is read. */
function watched(value, path, unread) {
  if (typeof value !== "object" || value === null) return value;
  const inner = Array.isArray(value) ? [] : {};
  for (const key of Object.keys(value)) {
    const place = `${path}/${key}`;
    if (!Array.isArray(value)) unread.add(place);
    inner[key] = watched(value[key], place, unread);
  }
  return new Proxy(inner, { get: (target, key) => (unread.delete(`${path}/${String(key)}`), target[key]) });
}

function fault({ apiVersion, kind, ...fields }) {
  const Kind = kinds[kind];
  if (!Kind) return `no schema of ${kind}`;
  if (apiVersion !== Kind.apiVersion) return `${apiVersion} is not ${Kind.apiVersion}`;
  const unread = new Set();
  const manifest = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, watched(value, key, unread)]));
  try {
    // Its constructor would copy the fields, and so read them all.
    Object.assign(new Kind(), manifest).validate();
  } catch (error) {
    return error.message;
  }
  for (const key of Object.keys(fields)) if (!["metadata", "spec"].includes(key)) unread.add(key);
  return unread.size ? `unknown: ${[...unread].join(", ")}` : null;
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
console.log(JSON.stringify(JSON.parse(Buffer.concat(chunks)).map(fault)));
