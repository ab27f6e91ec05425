// The two public conformance suites of the OCI distribution specification: how each is started, and what its cases are about.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const categories = ["Pull", "Push", "Content Discovery", "Content Management"] as const;
export type Category = (typeof categories)[number];

/** Who runs a suite against which registry, and where its reports go. */
export interface Target {
  readonly url: string;
  readonly user: string;
  readonly key: string;
  readonly reports: string;
}

export interface Suite {
  /** The name of its executable, and its name in the measured data. */
  readonly id: string;
  /** Its description on the page. */
  readonly title: string;
  /** The version of the Go module, pinned so that the numbers stay comparable. */
  readonly version: string;
  /** `go build` or `go test -c` */
  readonly build: readonly string[];
  environment(target: Target): Readonly<Record<string, string>>;
  /** Whether an account that may only create cannot pass the case, because an earlier one was refused. */
  isConsequence(test: string): boolean;
  /** Undefined for anything that is not a case of the suite, such as its own reports. */
  categoryOf(test: string): Category | undefined;
}

export const conformanceModule = "github.com/opencontainers/distribution-spec/conformance";

const repositories = { first: "conformance/repo1", second: "conformance/repo2" };

/** Since 2025: every endpoint with every kind of content. */
const apis: Suite = {
  id: "apis",
  title: "Endpoints and content (2026-08-31, specification 1.1)",
  version: "v0.0.0-20260831232431-97274622c111",
  build: ["build"],
  environment: ({ url, user, key, reports }) => ({
    OCI_VERSION: "1.1",
    OCI_REGISTRY: new URL(url).host,
    OCI_TLS: "disabled",
    OCI_REPO1: repositories.first,
    OCI_REPO2: repositories.second,
    OCI_USERNAME: user,
    OCI_PASSWORD: key,
    OCI_RESULTS_DIR: reports,
    // Both are of the specification's next version, and zot has them.
    OCI_API_BLOBS_UPLOAD_CANCEL: "true",
    OCI_API_MANIFESTS_TAG_PARAM: "true",
  }),
  isConsequence: () => false,
  categoryOf: (test) => {
    const [step = "", group = ""] = test.split("/").toReversed();
    if (/^(?:blob|manifest|tag)-delete$/.test(step)) return "Content Management";
    if (/^(?:tag.list|referrers)$/.test(step)) return "Content Discovery";
    if (group === "push" || /^(?:blob-(?:post|patch|mount)|manifest-put)/.test(step)) return "Push";
    return "Pull";
  },
};

// Without the right to overwrite and to delete there are fewer tags and referrers than these expect, and nothing is deleted.
const consequences = [
  "(listing tags) GET start of tag is set by `last` query parameter",
  "(listing references) GET request to existing blob should yield 200",
  "Manifest delete GET request to tags list should reflect manifest deletion",
  "Blob delete GET request to deleted blob URL should yield 404 response",
];

/** Up to 2025: four workflows, as the specification's own categories have them. */
const workflows: Suite = {
  id: "workflows",
  title: "Workflows (Ginkgo, 2023-11-01, specification 1.1.0-rc)",
  version: "v0.0.0-20231101194043-f2182352d4cc",
  build: ["test", "-c"],
  environment: ({ url, user, key, reports }) => ({
    OCI_ROOT_URL: url,
    OCI_NAMESPACE: repositories.first,
    OCI_CROSSMOUNT_NAMESPACE: repositories.second,
    OCI_USERNAME: user,
    OCI_PASSWORD: key,
    OCI_REPORT_DIR: reports,
    // zot finds a blob to mount without being told where.
    OCI_AUTOMATIC_CROSSMOUNT: "1",
    OCI_TEST_PULL: "1",
    OCI_TEST_PUSH: "1",
    OCI_TEST_CONTENT_DISCOVERY: "1",
    OCI_TEST_CONTENT_MANAGEMENT: "1",
  }),
  isConsequence: (test) => consequences.some((name) => test.endsWith(name)),
  categoryOf: (test) =>
    categories.find((category) => test.startsWith(`[It] OCI Distribution Conformance Tests ${category} `)),
};

export const suites: readonly Suite[] = [apis, workflows];

/** A folder of its own for one run's reports. */
export function reportsFolder(parent: string, ...names: readonly string[]): string {
  const folder = join(parent, names.join("-").replace(/[^\w.]+/g, "-"));
  mkdirSync(folder, { recursive: true });
  return folder;
}
