// node iterable_client.mjs ADDRESS LIST FILE: Iterable's own client, in a plain loop.
import { createRequire } from "node:module";
import { deliver } from "./people.mjs";

const { IterableClient } = await import(createRequire(`${process.env.NODE_PATH}/`).resolve("@iterable/api"));
const [address, list, file] = process.argv.slice(2);
const client = new IterableClient({ apiKey: "0123456789abcdef0123456789abcdef", baseUrl: address, timeout: 20000 });
await deliver(file, (subscribers) => client.subscribeUserToList({ listId: Number(list), subscribers, updateExistingUsersOnly: true }));
