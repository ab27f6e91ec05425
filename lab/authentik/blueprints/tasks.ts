// Stands in for Authentik: its worker's task records, which contain little about the blueprint.
import type { Database } from "../models/database.ts";
import { timestamp } from "../models/database.ts";
import type { JsonObject } from "../../shared/json.ts";
import { text } from "../../shared/json.ts";
import type { Row } from "../models/state.ts";
import { pick } from "../api/views.ts";

export const taskModel = "authentik_tasks.task";

const actor = "authentik.blueprints.v1.tasks.apply_blueprint";
const kept = 100;

export interface TaskTimes {
  readonly queued: number;
  readonly started: number;
}

/**
 * Records the attempt to apply a blueprint. The task succeeds even if the blueprint could not be applied; only a file
 * that is not a blueprint crashes it.
 */
export function noteApplication(
  database: Database,
  instance: Row,
  { queued, started }: TaskTimes,
  crash?: string,
): void {
  const line = (when: number, event: string, attributes: JsonObject = {}, log_level = "info"): JsonObject => {
    const logger = "authentik.tasks.middleware.TaskLogMiddleware";
    return { timestamp: timestamp(when), log_level, logger, event, attributes };
  };
  const now = Date.now();
  const state = crash === undefined ? "done" : "error";
  const end =
    crash === undefined ? line(now, "Task finished processing without errors") : line(now, crash, {}, "error");
  database.create(taskModel, {
    queue_name: "default",
    actor_name: actor,
    state,
    mtime: timestamp(now),
    retries: 0,
    eta: null,
    rel_obj_app_label: "authentik_blueprints",
    rel_obj_model: "blueprintinstance",
    rel_obj_id: text(instance.pk),
    uid: `${actor}:${text(instance["name"])}`,
    logs: [line(queued, "Task has been queued", { delay: null }), line(started, "Task is being processed"), end],
    previous_logs: [],
    aggregated_status: state,
    description: "Apply single blueprint.",
  });
  database.state.rows[taskModel] = database.all(taskModel).slice(-kept);
}

export const taskView = (task: Row): JsonObject => {
  const names = ["queue_name", "actor_name", "state", "mtime", "retries", "eta"];
  const about = ["rel_obj_app_label", "rel_obj_model", "rel_obj_id", "uid", "logs", "previous_logs"];
  return { message_id: task.pk, ...pick(task, [...names, ...about, "aggregated_status", "description"]) };
};
