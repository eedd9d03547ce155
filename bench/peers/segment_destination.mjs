// node segment_destination.mjs ADDRESS LIST FILE: the code of Segment's destination for Iterable lists. What its platform does
// before, which is closed, is not measured.
import { createRequire } from "node:module";
import { deliver } from "./people.mjs";

const require = createRequire(`${process.env.NODE_PATH}/`);
const destination = require("@segment/action-destinations/dist/destinations/iterable-lists").default;
const { createRequestClient } = require("@segment/actions-core");
const [address, list, file] = process.argv.slice(2);
const settings = { apiKey: "0123456789abcdef0123456789abcdef" };
const client = createRequestClient(destination.extendRequest({ settings }));
const request = (url, options) => client(url.replace("https://api.iterable.com", address), options);
await deliver(file, (people) =>
  destination.actions.syncAudience.performBatch(request, {
    settings,
    audienceSettings: { updateExistingUsersOnly: true },
    payload: people.map(({ userId, dataFields }) => ({
      userId,
      dataFields,
      segmentAudienceKey: "everyone",
      segmentAudienceId: list,
      traitsOrProperties: { everyone: true },
    })),
  }),
);
