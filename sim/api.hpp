// The endpoints: each takes a request that has passed the key check, the limits and the faults that
// need no handler, and answers it. Each takes the project's lock itself, after parsing.
// Source: docs/facts/iterable.md, lists; users; export endpoints.
#pragma once

#include "sim/project.hpp"

namespace sim {

// lists
Response get_lists(Project&, Call&);
Response create_list(Project&, Call&);
Response delete_list(Project&, Call&);
Response get_list_users(Project&, Call&);
Response preview_list_users(Project&, Call&);
Response get_list_size(Project&, Call&);
Response subscribe(Project&, Call&);
Response unsubscribe(Project&, Call&);

// users
Response get_user_by_email(Project&, Call&);
Response get_user_by_id(Project&, Call&);
Response update_user(Project&, Call&);
Response bulk_update_users(Project&, Call&);
Response get_fields(Project&, Call&);
Response delete_user_by_email(Project&, Call&);
Response delete_user_by_id(Project&, Call&);
Response forget_user(Project&, Call&);
Response unforget_user(Project&, Call&);
Response get_forgotten_emails(Project&, Call&);
Response get_forgotten_user_ids(Project&, Call&);
Response update_email(Project&, Call&);
Response update_subscriptions(Project&, Call&);
Response bulk_update_subscriptions(Project&, Call&);
Response merge_users(Project&, Call&);
Response get_sent_messages(Project&, Call&);

// subscriptions: another way onto a list, which Iterable has to open for a project
Response change_subscriptions(Project&, Call&);
Response subscribe_by_email(Project&, Call&);
Response unsubscribe_by_email(Project&, Call&);
Response subscribe_by_user_id(Project&, Call&);
Response unsubscribe_by_user_id(Project&, Call&);

// exports
Response export_json(Project&, Call&);
Response export_csv(Project&, Call&);
Response export_user_events(Project&, Call&);
Response start_export(Project&, Call&);
Response get_export_jobs(Project&, Call&);
Response get_export_files(Project&, Call&);
Response cancel_export(Project&, Call&);
// GET /export-files/…: the pre-signed addresses, which need no key.
Response download_export_file(Project&, const Request&);

// A profile's dataFields as the API shows them. Under the lock.
Json shown_fields(const Project& project, Slot slot, const Contact& contact, int64_t now_ms,
                  int64_t lag_ms);
// The same with the lists given, for readers of many profiles.
Json shown_fields(const Project& project, const Contact& contact,
                  const std::vector<int64_t>& list_ids, int64_t now_ms);

}  // namespace sim
