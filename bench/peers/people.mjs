// What both programs are given, and how they are measured: lists of a thousand people, read beforehand; two calls at a
// time; seconds and seconds of CPU of the delivery alone, as one line of JSON.
import { readFileSync } from "node:fs";

export async function deliver(file, send) {
  const lists = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const calls = lists.length;
  lists.reverse();
  const started = performance.now();
  const before = process.cpuUsage();
  const work = async () => {
    for (let people = lists.pop(); people !== undefined; people = lists.pop()) await send(people);
  };
  await Promise.all([work(), work()]);
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, cpu: (used.user + used.system) / 1e6, calls }));
}
