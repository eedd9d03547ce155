// A catalog that uses everything a file can say, for the tests of this room.
#pragma once

#include <string_view>

namespace rollcall::catalog {

inline constexpr std::string_view kExample = R"yaml(version: 1
sources:
  - name: shop
    kind: duckdb                 # a comment
    path: shop.duckdb            # relative to the file
  - name: lake
    kind: trino
    url: http://127.0.0.1:8080
    user: rollcall
    catalog: iceberg
    schema: shop
    state: warehouse
    state_schema: rollcall_state
models:
  - name: customers
    type: users
    source: shop
    table: customers
    primary_key: customer_id
    fields:
      - {name: email}
      - {name: lifetime_value, column: ltv, label: Lifetime value}
    computed:
      - {name: order_count, aggregate: count, relation: orders}
      - {name: spent_last_year, aggregate: sum, relation: orders, field: total,
         where: {field: ordered_at, op: within_last, value: {days: 365}}}
      - {name: full_name, formula: "first_name || ' ' || last_name"}
      - {name: tier, cases: [{when: {field: lifetime_value, op: gte, value: 1000}, then: gold}, {then: silver}]}
      - {name: home_city, related: address, field: city}
    relations:
      - {name: orders, kind: has_many, model: orders, key: customer_id, foreign_key: customer_id}
      - {name: address, kind: belongs_to, model: addresses, key: address_id, foreign_key: address_id}
  - name: orders
    type: events
    source: shop
    table: orders
  - name: addresses
    type: custom
    source: shop
    sql: |
      select *
      from addresses
      where not deleted
    primary_key: address_id
segments:
  - name: Lapsed VIPs
    model: customers
    description: Spent a lot, silent for a quarter
    tags: [winback]
    where:
      all:
        - {field: lifetime_value, op: gte, value: 500}
        - {related: orders, count: {op: eq, value: 0}, where: {field: ordered_at, op: within_last, value: {days: 90}}}
        - {not_in_segment: Opted out}
  - name: Opted out
    model: customers
    where: {field: opted_out, op: is_true}
destinations:
  - name: Iterable
    platform: iterable
    service: contact_lists
    region: us
    base_url: http://127.0.0.1:8181
    project_type: hybrid
    api_key: ${ITERABLE_API_KEY}
    proof: {by: fastest, max_age: 30s}
    settle: 60s
    defaults:
      model: customers
      match_key: {type: email, field: email}
      attributes: [{field: first_name, to: firstName}]
      schedule: {every: 1h}
activations:
  - segment: Lapsed VIPs
    destination: Iterable
    name: Lapsed VIPs
    description: optional, becomes the list's description
    match_key: {type: email, field: email}
    attributes:
      - {field: first_name, to: firstName}
      - {field: lifetime_value, to: lifetimeValue, type: double, create: true}
    on_null: clear
    list: {adopt: 12345}
    foreign_members: keep
    guard: {max_removed_share: 0.3, max_removed: 100000, max_added_share: 3, max_cleared_share: 0.3, allow_empty: false}
    audit: {every: 7d}
    schedule: {every: 15m}
    paused: false
)yaml";

}  // namespace rollcall::catalog
