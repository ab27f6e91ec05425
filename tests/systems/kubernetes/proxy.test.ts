import assert from "node:assert/strict";
import test from "node:test";
import { proxyOf } from "../../../systems/kubernetes/proxy.ts";

const PROXY = "http://proxy.lan:3128";

const uses = (server: string, environment: NodeJS.ProcessEnv): string | undefined =>
  proxyOf(server, undefined, environment)?.url;

test("the cluster's own proxy comes before the variables, which are chosen by the server's protocol", () => {
  const environment = { HTTPS_PROXY: PROXY, http_proxy: "plain.lan:80", NO_PROXY: "*" };
  assert.deepEqual(proxyOf("https://api.lan", "socks5://jump:1080", environment), {
    url: "socks5://jump:1080",
    from: "proxy-url in the kubeconfig",
  });
  assert.equal(uses("https://api.lan", { ...environment, NO_PROXY: "" }), PROXY);
  assert.equal(uses("http://api.lan", { ...environment, NO_PROXY: "" }), "http://plain.lan:80");
  assert.equal(uses("https://api.lan", { HTTP_PROXY: PROXY, HTTPS_PROXY: "" }), undefined);
  assert.equal(uses("https://api.lan", { https_proxy: PROXY }), PROXY);
  assert.throws(
    () => uses("https://api.lan", { HTTPS_PROXY: "ftp://a" }),
    /^Error: the proxy .* \(HTTPS_PROXY\) must be/,
  );
});

test("this machine is never behind a proxy", () => {
  for (const host of ["localhost", "127.0.0.1:6443", "127.8.8.8", "[::1]:6443"])
    assert.equal(uses(`https://${host}`, { HTTPS_PROXY: PROXY }), undefined, host);
});

test("NO_PROXY as Go reads it", () => {
  const cases: readonly (readonly [list: string, excluded: readonly string[], used: readonly string[]])[] = [
    ["*", ["https://any.example"], []],
    ["lan", ["https://lan", "https://api.lan:6443", "https://API.LAN"], ["https://wlan", "https://api.lan.example"]],
    [".lan, other.example", ["https://api.lan", "https://other.example"], ["https://lan"]],
    ["*.lan", ["https://api.lan"], ["https://lan"]],
    ["192.168.0.0/16", ["https://192.168.7.9:6443"], ["https://192.169.0.1", "https://api.lan"]],
    ["10.1.2.3", ["https://10.1.2.3"], ["https://10.1.2.4", "https://110.1.2.3"]],
    ["api.lan:6443", ["https://api.lan:6443"], ["https://api.lan"]],
    ["api.lan:443", ["https://api.lan"], ["https://api.lan:6443"]],
    ["fd00::/8,[2001:db8::1]:6443", ["https://[fd12::1]", "https://[2001:db8::1]:6443"], ["https://[2001:db8::1]"]],
    ["fd00::1", ["https://[fd00::1]:6443"], ["https://[fd00::2]"]],
    ["", [], ["https://api.lan"]],
    ["10.0.0.0/99,a/b, ,:80", [], ["https://10.0.0.1"]],
  ];
  for (const [list, excluded, used] of cases) {
    for (const server of excluded)
      assert.equal(uses(server, { HTTPS_PROXY: PROXY, NO_PROXY: list }), undefined, `${list}: ${server}`);
    for (const server of used)
      assert.equal(uses(server, { HTTPS_PROXY: PROXY, no_proxy: list }), PROXY, `${list}: ${server}`);
  }
});
