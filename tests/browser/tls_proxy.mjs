// A proxy that makes TLS, as the documented nginx block does: node tls_proxy.mjs PORT TARGET CERTIFICATE KEY
// Host and X-Forwarded-For go on as in docs/betrieb.md; what a browser sends as X-Forwarded-* beside them goes on too.
import { readFileSync } from "node:fs";
import { createProxyServer } from "http-proxy-3";

const [port, target, cert, key] = process.argv.slice(2);
const proxy = createProxyServer({ target, ssl: { cert: readFileSync(cert), key: readFileSync(key) }, changeOrigin: false, xfwd: false });

proxy.on("proxyReq", (out, request) => {
  const before = request.headers["x-forwarded-for"];
  out.setHeader("X-Forwarded-For", [before, request.socket.remoteAddress].filter(Boolean).join(", "));
  out.setHeader("X-Forwarded-Proto", "https");
});
proxy.on("error", (error, _request, answer) => {
  answer.writeHead?.(502);
  answer.end(String(error));
});
proxy.listen(Number(port), "127.0.0.1");
console.log("bereit");
