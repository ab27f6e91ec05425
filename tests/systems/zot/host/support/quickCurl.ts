// A curl for the scripts of zot's host that starts five times faster than the real one, for tests that run a script hundreds of times: GET from a server on this
// machine, with the options that the scripts use. And no locale, whose files take a quarter of each command's time. Other tests of the scripts use the real curl
// and the locale of their surroundings.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CURL = `
url=; print_code=; fail=
for argument do
  case $argument in
    http://*) url=$argument ;;
    '%{http_code}') print_code=yes ;;
    --*) ;;
    -*f*) fail=yes ;;
  esac
done
rest=\${url#http://}; host=\${rest%%/*}
if ! { exec 3<>"/dev/tcp/\${host%:*}/\${host#*:}"; } 2>/dev/null; then
  if [ -n "$print_code" ]; then printf 000; fi
  exit 7
fi
printf 'GET /%s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "\${rest#*/}" "$host" >&3
read -r version status reason <&3
if [ -z "$status" ]; then
  if [ -n "$print_code" ]; then printf 000; fi
  exit 52
fi
if [ -n "$print_code" ]; then printf %s "$status"; exit 0; fi
if [ -n "$fail" ] && [ "$status" -ge 400 ]; then exit 22; fi
while read -r header <&3 && [ "$header" != $'\\r' ]; do :; done
read -r -d '' body <&3
printf %s "$body"
`;

/** Puts it before the real one on this process's PATH, if there is a bash. @returns what removes it */
export function useQuickCurl(): () => void {
  const bash = execFileSync("/bin/sh", ["-c", "command -v bash || :"], { encoding: "utf8" }).trim();
  if (bash === "") return () => undefined;
  const { PATH: before = "", LC_ALL: locale } = process.env;
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-curl-"));
  const file = join(folder, "curl");
  writeFileSync(file, `#!${bash}\n${CURL}`);
  chmodSync(file, 0o755);
  process.env["PATH"] = `${folder}:${before}`;
  process.env["LC_ALL"] = "C";
  return () => {
    process.env["PATH"] = before;
    if (locale === undefined) delete process.env["LC_ALL"];
    else process.env["LC_ALL"] = locale;
    rmSync(folder, { recursive: true });
  };
}
