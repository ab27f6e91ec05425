import { serve } from "../../../../provider/grpc/index.ts";
import { player } from "./player.ts";

await serve(player());
