// The newer format cannot be imported by the Grafana that most people run, which is why the SDK's builders for the classic one are used.
/* eslint-disable @typescript-eslint/no-deprecated */
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dashboard, DataSourceRef } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { BigValueColorMode, BigValueGraphMode, ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";

/** The data source is chosen in Grafana, as a variable: an import asks nothing. */
const SOURCE: DataSourceRef = { type: "prometheus", uid: "${datasource}" };
const HOUR = 3600;
const DAY = 24 * HOUR;

/** A colour from each value on. */
type Colours = readonly (readonly [from: number | null, color: "green" | "yellow" | "red"])[];

const BAD_ABOVE_0: Colours = [
  [null, "green"],
  [1, "red"],
];
const BAD_BELOW_1: Colours = [
  [null, "red"],
  [1, "green"],
];
const WEEKS_LEFT: Colours = [
  [null, "red"],
  [7 * DAY, "yellow"],
  [14 * DAY, "green"],
];

const DAYS_OVERDUE: Colours = [
  [null, "red"],
  [-2 * DAY, "yellow"],
  [0, "green"],
];

/** A stack may have several accounts. */
const OF_ACCOUNT = "{{stack}} {{account}}";

/** A Grafana dashboard of the metrics in docs/reference/metrics.md, in the classic format, which Grafana 8 and later import. */
export function buildDashboard(): Dashboard {
  return new DashboardBuilder("zot-auth")
    .uid("zot-auth")
    .description("Sign-in, key and access of a zot registry, from the metrics of `npm run check`.")
    .tags(["zot", "zot-auth"])
    .refresh("5m")
    .time({ from: "now-30d", to: "now" })
    .timezone("browser")
    .readonly()
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(
      new QueryVariableBuilder("stack")
        .label("Stack")
        .datasource(SOURCE)
        .query("label_values(zot_auth_check_success, stack)")
        .includeAll(true)
        .multi(true),
    )
    .withPanel(stat("As declared", of("check_success"), BAD_BELOW_1, "bool_yes_no"))
    .withPanel(
      stat("Last check", `time() - ${of("check_timestamp_seconds")}`, [
        [null, "green"],
        [DAY, "red"],
      ]),
    )
    .withPanel(stat("Key expires in", `${of("key_expiry_timestamp_seconds")} - time()`, WEEKS_LEFT, "s", OF_ACCOUNT))
    .withPanel(
      stat("Key rotates in", `${of("key_rotation_timestamp_seconds")} - time()`, DAYS_OVERDUE, "s", OF_ACCOUNT),
    )
    .withPanel(stat("Failed access checks", of("access_checks", 'result="failed"'), BAD_ABOVE_0, "short"))
    .withPanel(stat("Not as declared", of("differing_resources"), BAD_ABOVE_0, "short"))
    .withPanel(stat("Unmanaged keys", of("unmanaged_keys"), BAD_ABOVE_0, "short", OF_ACCOUNT))
    .withPanel(stat("Unfinished operations", of("unfinished_operations"), BAD_ABOVE_0, "short"))
    .withPanel(
      timeSeries("The key's life", "s")
        .withTarget(query(`${of("key_expiry_timestamp_seconds")} - time()`, "{{stack}} {{account}} expires in"))
        .withTarget(query(`${of("key_rotation_timestamp_seconds")} - time()`, "{{stack}} {{account}} rotates in")),
    )
    .withPanel(
      timeSeries("Drift", "short")
        .withTarget(query(of("differing_resources"), "{{stack}} not as declared"))
        .withTarget(query(of("access_checks", 'result="failed"'), "{{stack}} failed access checks")),
    )
    .build();
}

/** A metric of the chosen stacks. */
function of(metric: string, label?: string): string {
  return `zot_auth_${metric}{${['stack=~"$stack"', ...(label === undefined ? [] : [label])].join(",")}}`;
}

function query(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(SOURCE).expr(expression).legendFormat(legend);
}

function stat(title: string, expression: string, colours: Colours, unit = "s", legend = "{{stack}}"): Stat {
  return new Stat()
    .title(title)
    .datasource(SOURCE)
    .unit(unit)
    .height(4)
    .span(6)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Background)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .noValue("unknown")
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps(colours.map(([value, color]) => ({ value, color }))),
    )
    .withTarget(query(expression, legend));
}

function timeSeries(title: string, unit: string): TimeSeries {
  return new TimeSeries().title(title).datasource(SOURCE).unit(unit).height(8).span(12);
}
