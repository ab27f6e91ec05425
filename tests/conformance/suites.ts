// The two public conformance suites of the OCI distribution specification: how to start each, and the categories of its cases.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const categories = ["Pull", "Push", "Content Discovery", "Content Management"] as const;
export type Category = (typeof categories)[number];

/** The registry and account that a suite runs with, and the folder of its reports. */
export interface Target {
  readonly url: string;
  readonly user: string;
  readonly key: string;
  readonly reports: string;
}

export interface Suite {
  /** Name of the executable, and key in the measured data. */
  readonly id: string;
  /** Heading on the page. */
  readonly title: string;
  /** Version of the Go module, pinned so that results stay comparable. */
  readonly version: string;
  /** `go build` or `go test -c` */
  readonly build: readonly string[];
  environment(target: Target): Readonly<Record<string, string>>;
  /** Whether the case depends on an earlier one that is denied to an account that may only create. */
  isConsequence(test: string): boolean;
  /** Category of a case; undefined for other entries, such as the suite's own reports. */
  categoryOf(test: string): Category | undefined;
}

export const conformanceModule = "github.com/opencontainers/distribution-spec/conformance";

const repositories = { first: "conformance/repo1", second: "conformance/repo2" };

/** The suite since 2025: every endpoint with every kind of content. */
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
    // Features of the specification's next version that zot supports.
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

// These expect tags, referrers and deletions from earlier cases that require permission to overwrite and delete.
const consequences = [
  "(listing tags) GET start of tag is set by `last` query parameter",
  "(listing references) GET request to existing blob should yield 200",
  "Manifest delete GET request to tags list should reflect manifest deletion",
  "Blob delete GET request to deleted blob URL should yield 404 response",
];

/** The suite before 2025: four workflows, one for each category of the specification. */
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
    // zot finds a blob to mount without the source repository.
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

/** Creates a folder for the reports of one run. */
export function reportsFolder(parent: string, ...names: readonly string[]): string {
  const folder = join(parent, names.join("-").replace(/[^\w.]+/g, "-"));
  mkdirSync(folder, { recursive: true });
  return folder;
}
