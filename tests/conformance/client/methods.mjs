// Calls the official client's methods against a running simulator, each with people and lists of its own, and
// checks both what the client gives back and what the simulator then holds (by its side door, /_sim/).
//
//   node methods.mjs ENTRY     ENTRY: the client's own file, node_modules/@iterable/api/dist/index.js
// HYBRID_URL and EMAIL_URL name a simulator of that project type; prints one line of JSON for each case:
// {"name", "ok", "error"}. A case is named after the method it is about.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const { IterableClient, IterableApiError, IterableRawError, IterableResponseValidationError, IterableNetworkError } =
  await import(pathToFileURL(process.argv[2]).href);

const urls = { hybrid: process.env.HYBRID_URL, email: process.env.EMAIL_URL };
const clientFor = (baseUrl, more = {}) =>
  new IterableClient({ apiKey: "0123456789abcdef0123456789abcdef", baseUrl, timeout: 20000, ...more });
const client = clientFor(urls.hybrid);
const emailClient = clientFor(urls.email);

async function side(path, { method = "GET", body, url = urls.hybrid } = {}) {
  const answer = await fetch(`${url}/_sim/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 404) return undefined;
  assert.equal(answer.status, 200, `${path}: ${answer.status}`);
  return answer.json();
}
const query = (identifier) => new URLSearchParams(identifier).toString();
const contact = (identifier, url) => side(`contacts?${query(identifier)}`, { url });
const members = async (id) => (await side(`lists/${id}/members`)).map((one) => one.email ?? one.userId).sort();
const list = (id) => side(`lists/${id}`);

// What no two cases share.
let people = 0;
const email = (tag = "") => `client${++people}${tag}@example.com`;
const userId = () => `client-${++people}`;
const known = async (...persons) => {
  for (const person of persons) await client.updateUser(person);
};
const success = (answer, params = null) => {
  assert.equal(answer.code, "Success");
  assert.equal(typeof answer.msg, "string");
  assert.deepEqual(answer.params, params);
};
const isApiError = (status, code) => (error) => {
  assert.ok(error instanceof IterableApiError, `${error.constructor.name}: ${error.message}`);
  assert.equal(error.statusCode, status);
  assert.equal(error.code, code);
  return true;
};
const exported = async (jobId) => {
  for (let tries = 0; tries < 200; ++tries) {
    const files = await client.getExportFiles({ jobId });
    if (files.jobState === "completed") return files;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`export ${jobId} is not completed after 4 s`);
};

const cases = {
  async createList() {
    const { listId } = await client.createList({ name: "made by the client", description: "a description" });
    const made = await list(listId);
    assert.equal(made.name, "made by the client");
    assert.equal(made.description, "a description");
    assert.equal(made.listType, "Standard");
    assert.equal(made.members, 0);
  },

  async getLists() {
    const types = ["Standard", "Dynamic", "Suppression", "Internal"];
    const ids = [];
    for (const listType of types) ids.push((await side("lists", { method: "POST", body: { name: listType, listType } })).id);
    const { lists } = await client.getLists();
    const seen = lists.filter((one) => ids.includes(one.id));
    assert.deepEqual(seen.map((one) => one.listType), [...types].reverse(), "newest first, all four types");
    for (const one of seen) assert.ok(one.createdAt > 1e12, "createdAt is in milliseconds");
    assert.equal(seen.find((one) => one.listType === "Suppression").isGlobalSuppressionEnabled, false);
    assert.equal("isGlobalSuppressionEnabled" in seen[seen.length - 1], false);
    assert.equal("description" in seen[0], false, "an absent description is left out, not null");
  },

  async deleteList() {
    const { listId } = await client.createList({ name: "to go" });
    const answer = await client.deleteList({ listId });
    success(answer);
    assert.match(answer.msg, new RegExp(`^List ${listId} in Project \\d+ was successfully deleted\\.$`));
    assert.equal(await list(listId), undefined);
    await assert.rejects(client.deleteList({ listId }), isApiError(400, "BadParams"));
    const used = (await side("lists", { method: "POST", body: { name: "used", in_use: true } })).id;
    // The client's list of codes has no Conflict, so it falls back to the raw error.
    await assert.rejects(client.deleteList({ listId: used }), (error) => error instanceof IterableRawError && error.statusCode === 409);
    assert.ok(await list(used));
  },

  async subscribeUserToList() {
    const { listId } = await client.createList({ name: "to join" });
    const [member, stranger, person] = [email(), email(), userId()];
    await known({ email: member }, { userId: person });
    const answer = await client.subscribeUserToList({
      listId,
      subscribers: [
        { email: member, dataFields: { city: "Paris" } }, { userId: person }, { email: stranger }, { email: "no-address@" },
      ],
      updateExistingUsersOnly: true,
    });
    assert.equal(answer.successCount, 2);
    assert.equal(answer.failCount, 2);
    assert.deepEqual(answer.createdFields, ["city"]);
    assert.deepEqual(answer.filteredOutFields, []);
    assert.deepEqual(answer.invalidEmails, ["no-address@"]);
    assert.deepEqual(answer.failedUpdates.invalidEmails, ["no-address@"]);
    assert.deepEqual(await members(listId), [member, person].sort());
    assert.equal((await contact({ email: member })).dataFields.city, "Paris");
    assert.equal(await contact({ email: stranger }), undefined, "updateExistingUsersOnly creates nobody");
    await assert.rejects(client.subscribeUserToList({ listId: 999999999, subscribers: [] }), (error) => {
      isApiError(400, "Success")(error);
      assert.match(error.message, /error\.lists\.invalidListId\(999999999\)/);
      assert.equal(error.params.listId, 999999999);
      return true;
    });
  },

  async unsubscribeUserFromList() {
    const { listId } = await client.createList({ name: "to leave" });
    const [stays, leaves, never, stranger] = [email(), email(), email(), email()];
    await known({ email: stays }, { email: leaves }, { email: never });
    await client.subscribeUserToList({ listId, subscribers: [{ email: stays }, { email: leaves }] });
    const answer = await client.unsubscribeUserFromList({
      listId, subscribers: [{ email: leaves }, { email: never }, { email: stranger }], channelUnsubscribe: false,
    });
    assert.equal(answer.successCount, 2, "who is not on the list counts as done");
    assert.equal(answer.failCount, 1);
    assert.deepEqual(await members(listId), [stays]);
    assert.equal(await contact({ email: stranger }), undefined);
  },

  async getListUsers() {
    const { listId } = await client.createList({ name: "to read" });
    assert.deepEqual(await client.getListUsers({ listId }), { users: [] });
    const [first, second, third] = [email(), email("+plus"), userId()];
    await client.subscribeUserToList({ listId, subscribers: [{ email: first }, { email: second }, { userId: third }] });
    const { users } = await client.getListUsers({ listId, maxResults: 1000 });
    assert.deepEqual(users.map((one) => one.email).sort(), [first, second, third].sort());
    await assert.rejects(client.getListUsers({ listId: 42 }), isApiError(400, "BadParams"));
  },

  async getListSize() {
    const { listId } = await client.createList({ name: "to count" });
    assert.deepEqual(await client.getListSize({ listId }), { size: 0 });
    const subscribers = Array.from({ length: 12 }, () => ({ email: email() }));
    await client.subscribeUserToList({ listId, subscribers });
    assert.deepEqual(await client.getListSize({ listId }), { size: 12 });
    await assert.rejects(client.getListSize({ listId: 42 }), isApiError(400, "BadParams"));
  },

  async getListPreviewUsers() {
    const { listId } = await client.createList({ name: "to sample" });
    const subscribers = Array.from({ length: 9 }, () => ({ email: email(), userId: userId() }));
    await client.subscribeUserToList({ listId, subscribers });
    const some = await client.getListPreviewUsers({ listId, size: 4 });
    assert.equal(some.users.length, 4);
    for (const one of some.users) assert.ok(subscribers.some((person) => person.email === one), one);
    const all = await client.getListPreviewUsers({ listId, preferUserId: true });
    assert.deepEqual([...all.users].sort(), subscribers.map((person) => person.userId).sort());
  },

  async getUserByEmail() {
    const [address, id] = [email("+tag"), userId()];
    await known({ email: address, userId: id, dataFields: { visits: 3, address: { city: "Rome" } } });
    const { user } = await client.getUserByEmail({ email: address });
    assert.equal(user.email, address);
    assert.equal(user.userId, id);
    assert.equal(user.dataFields.visits, 3);
    assert.deepEqual(user.dataFields.address, { city: "Rome" });
    assert.equal(user.dataFields.email, address);
    assert.match(user.dataFields.profileUpdatedAt, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00$/);
    assert.deepEqual(await client.getUserByEmail({ email: email() }), {}, "200 without a user");
    await assert.rejects(client.getUserByEmail({ email: "no-address@" }), isApiError(400, "InvalidEmailAddressError"));
  },

  async getUserByUserId() {
    const [address, id] = [email(), `${userId()} with/odd?signs`];
    await known({ email: address, userId: id });
    const { user } = await client.getUserByUserId({ userId: id });
    assert.equal(user.userId, id);
    assert.equal(user.email, address);
    // Its code is in nobody's list, so the client has no name for it.
    await assert.rejects(client.getUserByUserId({ userId: userId() }),
      (error) => error instanceof IterableRawError && error.statusCode === 400);
    // A person without an address has none to give, which the client's schema does not expect.
    const lone = userId();
    await known({ userId: lone });
    await assert.rejects(client.getUserByUserId({ userId: lone }), (error) => error instanceof IterableResponseValidationError);
  },

  async updateUser() {
    const address = email();
    success(await client.updateUser({ email: address.toUpperCase(), dataFields: { color: "red", size: 4, gone: "x" } }));
    success(await client.updateUser({ email: address, dataFields: { color: "blue", gone: null } }));
    const { dataFields } = await contact({ email: address });
    assert.equal(dataFields.color, "blue");
    assert.equal(dataFields.size, 4);
    assert.equal("gone" in dataFields, false, "null removes a field");
    await assert.rejects(client.updateUser({ email: address, dataFields: { size: "four" } }), (error) => {
      isApiError(400, "RequestFieldsTypesMismatched")(error);
      assert.deepEqual(error.params.validationErrors.size.incomingTypes, ["string", "keyword"]);
      assert.equal(error.params.validationErrors.size.expectedType, "long");
      return true;
    });
    await assert.rejects(client.updateUser({ email: 5 }), isApiError(400, "BadJsonBody"));
  },

  async bulkUpdateUsers() {
    const [first, second] = [email(), email()];
    const answer = await client.bulkUpdateUsers({
      users: [{ email: first, dataFields: { rank: 1 } }, { email: second, dataFields: { rank: 2 } }, { email: "no-address@" }],
    });
    assert.equal(answer.successCount, 2);
    assert.equal(answer.failCount, 1);
    assert.deepEqual(answer.createdFields, ["rank"]);
    assert.equal((await contact({ email: second })).dataFields.rank, 2);
    await assert.rejects(client.bulkUpdateUsers({ users: [] }), isApiError(400, "InvalidEmailAddressError"));
  },

  async deleteUserByEmail() {
    const [address, other] = [email(), email()];
    await known({ email: address }, { email: other });
    success(await client.deleteUserByEmail({ email: address }));
    assert.equal(await contact({ email: address }), undefined);
    assert.ok(await contact({ email: other }));
    success(await client.deleteUserByEmail({ email: address }));
  },

  async deleteUserByUserId() {
    const id = userId();
    await known({ userId: id });
    success(await client.deleteUserByUserId({ userId: id }));
    assert.equal(await contact({ userId: id }), undefined);
    await assert.rejects(client.deleteUserByUserId({ userId: id }), isApiError(400, "BadParams"));
  },

  async updateEmail() {
    const [before, after, taken] = [email(), email(), email()];
    await emailClient.updateUser({ email: before, dataFields: { kept: true } });
    await emailClient.updateUser({ email: taken });
    const { listId } = await emailClient.createList({ name: "moves along" });
    await emailClient.subscribeUserToList({ listId, subscribers: [{ email: before }] });
    success(await emailClient.updateEmail({ currentEmail: before, newEmail: after }));
    assert.equal(await contact({ email: before }, urls.email), undefined);
    assert.equal((await contact({ email: after }, urls.email)).dataFields.kept, true);
    const { users } = await emailClient.getListUsers({ listId });
    assert.deepEqual(users, [{ email: after }], "list membership moves to the new address");
    await assert.rejects(emailClient.updateEmail({ currentEmail: after, newEmail: taken }), isApiError(400, "EmailAlreadyExists"));
    await assert.rejects(client.updateEmail({ currentEmail: after, newEmail: email() }), isApiError(400, "BadParams"));
  },

  async updateUserSubscriptions() {
    const address = email();
    await emailClient.updateUser({ email: address });
    const ids = [];
    for (const name of ["one", "two"]) ids.push((await emailClient.createList({ name })).listId);
    await emailClient.subscribeUserToList({ listId: ids[0], subscribers: [{ email: address }] });
    success(await emailClient.updateUserSubscriptions({
      email: address, emailListIds: [ids[1]], unsubscribedChannelIds: [7], subscribedMessageTypeIds: [8],
    }));
    const { dataFields } = await contact({ email: address }, urls.email);
    assert.deepEqual(dataFields.emailListIds, [ids[1]], "what is given overwrites");
    assert.deepEqual(dataFields.unsubscribedChannelIds, [7]);
    assert.deepEqual(dataFields.subscribedMessageTypeIds, [8]);
    assert.deepEqual(dataFields.unsubscribedMessageTypeIds, [], "what is not given stays");
    await assert.rejects(emailClient.updateUserSubscriptions({ email: email() }), isApiError(400, "UnknownEmailError"));
  },

  async mergeUsers() {
    const [source, destination] = [email(), email()];
    await known({ email: source, dataFields: { onlySource: "s", both: "source" } }, { email: destination, dataFields: { both: "destination" } });
    const { listId } = await client.createList({ name: "merges" });
    await client.subscribeUserToList({ listId, subscribers: [{ email: source }] });
    success(await client.mergeUsers({ sourceEmail: source, destinationEmail: destination }));
    assert.equal(await contact({ email: source }), undefined);
    const { dataFields } = await contact({ email: destination });
    assert.equal(dataFields.onlySource, "s");
    assert.equal(dataFields.both, "destination");
    assert.deepEqual(await members(listId), [destination]);
    await assert.rejects(client.mergeUsers({ sourceEmail: email(), destinationEmail: destination }), isApiError(400, "UnknownEmailError"));
  },

  async getUserFields() {
    await known({ email: email(), dataFields: { aDouble: 1.5, aDate: "2026-01-02", aFlag: true, "with space": "x", place: { zip: 75000 } } });
    const { fields } = await client.getUserFields();
    const { aDouble, aDate, aFlag, place } = fields;
    assert.deepEqual({ aDouble, aDate, aFlag, place }, { aDouble: "double", aDate: "date", aFlag: "boolean", place: "object" });
    assert.equal(fields["place.zip"], "long");
    assert.equal(fields["with space"], "string");
    assert.equal(fields.userListIds, "long", "arrays are told by their elements");
  },

  async getSentMessages() {
    const address = email();
    await known({ email: address });
    const { messages } = await client.getSentMessages({ email: address, limit: 10, campaignIds: [1, 2] });
    assert.deepEqual(messages, []);
    await assert.rejects(client.getSentMessages({}), isApiError(400, "BadParams"));
  },

  async startExportJob() {
    const before = (await client.getExportJobs()).jobs.length;
    const { jobId } = await client.startExportJob({
      dataTypeName: "user", outputFormat: "application/x-json-stream", startDateTime: "2020-01-01 00:00:00",
      endDateTime: "2020-01-02 00:00:00",
    });
    const { jobs } = await client.getExportJobs();
    assert.equal(jobs.length, before + 1);
    assert.equal(jobs.find((job) => job.id === jobId).dataTypeName, "user");
    const { files } = await exported(jobId);
    assert.deepEqual(files, [], "nobody was updated that day");
    await assert.rejects(client.startExportJob({ dataTypeName: "user", outputFormat: "text/html" }), isApiError(400, "BadParams"));
  },

  async getExportJobs() {
    const { jobId } = await client.startExportJob({ dataTypeName: "user", outputFormat: "text/csv" });
    await exported(jobId);
    const { jobs } = await client.getExportJobs({ jobState: "completed" });
    const job = jobs.find((one) => one.id === jobId);
    assert.equal(job.jobState, "completed");
    assert.ok(job.bytesExported > 0);
    assert.ok(job.endTime >= job.scheduledStartTime);
    assert.deepEqual((await client.getExportJobs({ jobState: "failed" })).jobs, []);
  },

  async getExportFiles() {
    const address = email();
    await known({ email: address });
    const { jobId } = await client.startExportJob({ dataTypeName: "user", outputFormat: "application/x-json-stream" });
    const answer = await exported(jobId);
    assert.equal(answer.jobId, jobId);
    assert.equal(answer.exportTruncated, false);
    assert.equal(answer.files.length, 1);
    const file = await fetch(answer.files[0].url); // without a key
    assert.equal(file.status, 200);
    const rows = (await file.text()).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(rows.filter((row) => row.email === address).length, 1);
    const rest = await client.getExportFiles({ jobId, startAfter: answer.files[0].file });
    assert.deepEqual(rest.files, []);
    await assert.rejects(client.getExportFiles({ jobId: 999999 }), isApiError(404, "NotFound"));
  },

  async cancelExportJob() {
    await side("switches", { method: "PUT", body: { export_job_ms: 60000 } });
    try {
      const { jobId } = await client.startExportJob({ dataTypeName: "user", outputFormat: "text/csv" });
      success({ params: null, ...(await client.cancelExportJob({ jobId })) });
      const { jobs } = await client.getExportJobs({ jobState: "cancelling" });
      assert.deepEqual(jobs.map((job) => job.id), [jobId]);
      await assert.rejects(client.cancelExportJob({ jobId }), isApiError(400, "BadParams"));
    } finally {
      await side("switches", { method: "PUT", body: { export_job_ms: 50 } });
    }
  },

  async bulkUpdateSubscriptions() {
    const { listId } = await client.createList({ name: "in bulk" });
    const [first, second, third] = [email(), email(), userId()];
    await known({ email: first }, { email: second }, { userId: third });
    const group = { subscriptionGroup: "emailList", subscriptionGroupId: listId };
    success(await client.bulkUpdateSubscriptions({ ...group, action: "subscribe", users: [first, second], usersByUserId: [third] }));
    assert.deepEqual(await members(listId), [first, second, third].sort());
    success(await client.bulkUpdateSubscriptions({ ...group, action: "unsubscribe", users: [first], usersByUserId: [third] }));
    assert.deepEqual(await members(listId), [second]);
  },

  async subscribeUserByEmail() {
    const { listId } = await client.createList({ name: "one by address" });
    const address = email("+plus");
    await known({ email: address });
    success(await client.subscribeUserByEmail({ subscriptionGroup: "emailList", subscriptionGroupId: listId, userEmail: address }));
    assert.deepEqual(await members(listId), [address]);
    await assert.rejects(client.subscribeUserByEmail({ subscriptionGroup: "emailList", subscriptionGroupId: listId, userEmail: email() }),
      isApiError(400, "UnknownEmailError"));
  },

  async subscribeUserByUserId() {
    const { listId } = await client.createList({ name: "one by id" });
    const id = userId();
    await known({ userId: id });
    success(await client.subscribeUserByUserId({ subscriptionGroup: "emailList", subscriptionGroupId: listId, userId: id }));
    assert.deepEqual(await members(listId), [id]);
  },

  async unsubscribeUserByEmail() {
    const { listId } = await client.createList({ name: "one leaves by address" });
    const [stays, leaves] = [email(), email()];
    await client.subscribeUserToList({ listId, subscribers: [{ email: stays }, { email: leaves }] });
    success(await client.unsubscribeUserByEmail({ subscriptionGroup: "emailList", subscriptionGroupId: listId, userEmail: leaves }));
    assert.deepEqual(await members(listId), [stays]);
  },

  async unsubscribeUserByUserId() {
    const { listId } = await client.createList({ name: "one leaves by id" });
    const [stays, leaves] = [userId(), userId()];
    await client.subscribeUserToList({ listId, subscribers: [{ userId: stays }, { userId: leaves }] });
    success(await client.unsubscribeUserByUserId({ subscriptionGroup: "emailList", subscriptionGroupId: listId, userId: leaves }));
    assert.deepEqual(await members(listId), [stays]);
  },

  // --- How the client reads what goes wrong.

  async wrongKey() {
    const wrong = clientFor(urls.hybrid, { apiKey: "ffffffffffffffffffffffffffffffff" });
    try {
      await assert.rejects(wrong.getLists(), (error) => {
        isApiError(401, "BadApiKey")(error);
        assert.equal(error.params.endpoint, "/api/lists");
        return true;
      });
    } finally {
      wrong.destroy();
    }
  },

  async unknownPath() {
    const prefixed = clientFor(`${urls.hybrid}/api/nowhere`);
    try {
      await assert.rejects(prefixed.getLists(), (error) => {
        assert.ok(error instanceof IterableRawError, error.constructor.name);
        assert.equal(error.statusCode, 404);
        assert.match(error.message, /Action not found/);
        return true;
      });
    } finally {
      prefixed.destroy();
    }
  },

  async throttled() {
    await side("faults", { method: "PUT", body: [{ kind: "http_429", endpoint: "GET /api/lists", first: 1 }] });
    await assert.rejects(client.getLists(), (error) => {
      isApiError(429, "RateLimitExceeded")(error);
      assert.equal(error.isRateLimitError(), true);
      assert.deepEqual(error.params, {});
      return true;
    });
    await client.getLists();
  },

  async lostAnswer() {
    const { listId } = await client.createList({ name: "applied, answer lost" });
    const address = email();
    await known({ email: address });
    await side("faults", { method: "PUT", body: [{ kind: "applied_then_reset", endpoint: "POST /api/lists/subscribe", first: 1 }] });
    const lost = client.subscribeUserToList({ listId, subscribers: [{ email: address }] });
    await assert.rejects(lost, (error) => error instanceof IterableNetworkError);
    assert.deepEqual(await members(listId), [address]);
  },
};

const chosen = process.argv.slice(3);
for (const [name, run] of Object.entries(cases)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  let error = null;
  try {
    await run();
  } catch (caught) {
    error = caught.stack ?? String(caught);
  }
  console.log(JSON.stringify({ name, ok: error === null, error }));
}
client.destroy();
emailClient.destroy();
