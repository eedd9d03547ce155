// Another shop: a house that lends tools, as a DuckDB file. Nothing in it is like the usual shop: keys
// beyond what a double holds, texts with signs that mean something in SQL, lists, JSON, times with and
// without a zone, times near the ends of days, and gaps everywhere. Moments count back from `now`.
export const lendingData = (now: Date) => `
SET VARIABLE now = TIMESTAMP '${now.toISOString().slice(0, 19).replace('T', ' ')}';
CREATE TABLE patrons AS
  SELECT 9007199254740991 + i AS card_no,
         CASE WHEN i % 17 = 0 THEN NULL WHEN i % 19 = 0 THEN ['', '  '][1 + i % 2]
              WHEN i % 5 = 0 THEN 'READER' || i % 150 || '@Leih.Example' ELSE 'reader' || i % 150 || '@leih.example' END AS mail,
         ['Åse Øst', 'O''Brien', '"Quote" Quill', '100% Percy', 'under_score', 'underXscore', 'Ünal Çelik', 'émile', 'ÉMILE', 'Emile',
          'back\\slash', 'Comma, Carla', '', NULL, '   ', '<b>Bold</b>', 'semi;colon', 'null', '1000 Percy', 'say "hi"'][1 + (i * 7) % 20] AS name,
         ['Köln', 'KÖLN', 'köln', 'St. John''s', 'Łódź', 'A_B', 'A%B', 'AxB', '', NULL, 'Köln', 'Saint-Étienne', 'Paris, TX'][1 + (i * 5) % 13] AS town,
         CASE WHEN i % 23 = 0 THEN NULL WHEN i % 29 = 0 THEN DATE '1996-02-29' WHEN i % 31 = 0 THEN DATE '1990-12-31'
              ELSE DATE '1950-01-01' + (i * 97) % 20000 END AS born,
         CASE WHEN i % 37 = 0 THEN NULL
              ELSE TIMESTAMP '2025-01-01' + to_days((i * 11) % 600)
                 + [INTERVAL 0 SECOND, INTERVAL 1 SECOND, INTERVAL 86399999 MILLISECOND, INTERVAL 570 MINUTE, INTERVAL 1270 MINUTE][1 + i % 5] END AS joined_at,
         CASE WHEN i % 13 = 0 THEN NULL
              ELSE timezone('UTC', getvariable('now') + to_minutes([-5, 15, -35 * 60, -37 * 60, -29 * 1440, -30 * 1440 + 15, -30 * 1440 - 15,
                     -400 * 1440, 13 * 1440, 15 * 1440, -200 * 1440][1 + (i * 3) % 11])) END AS seen_at,
         CASE WHEN i % 21 = 0 THEN NULL ELSE [0.00, 19.99, 20.00, -5.50, 123456789.01, 12.50, 100.00][1 + i % 7] END::DECIMAL(12, 2) AS deposit,
         CASE WHEN i % 22 = 0 THEN NULL ELSE [0.1::DOUBLE + 0.2::DOUBLE, 0.3, 0, 1e-7, 2.5, 1e15, -1.75][1 + i % 7] END::DOUBLE AS score,
         CASE WHEN i % 26 = 0 THEN NULL ELSE (i * 13) % 40 END::INTEGER AS visits,
         [TRUE, FALSE, NULL, TRUE][1 + i % 4] AS consent,
         [['garden', 'tools'], ['tools'], [], NULL, ['a,b', 'DIY'], ['Garden'], ['garden', NULL], ['diy', 'tools', 'garden'], ['']][1 + (i * 2) % 9] AS topics,
         CASE WHEN i % 8 = 0 THEN NULL ELSE [9007199254740993 + i % 3, i % 4] END::BIGINT[] AS shelves,
         CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN '{"lang": "de"}' ELSE '[]' END::JSON AS prefs,
         [1, 2, 3, 4, NULL, 99][1 + i % 6]::INTEGER AS branch_no
  FROM (SELECT unnest(range(1, 301))::INTEGER AS i);
CREATE TABLE branches AS SELECT * FROM (VALUES
  (1, 'Altstadt', 'Köln', DATE '1999-12-31', 4.5::DECIMAL(3, 1), TRUE), (2, 'Hafen', 'Łódź', DATE '2020-02-29', 3.9, FALSE),
  (3, 'Nørrebro', 'köln', NULL, NULL, NULL), (4, '', NULL, DATE '2026-01-31', 5.0, TRUE)) AS b(branch_no, title, city, opened_on, rating, step_free);
CREATE TABLE items AS
  SELECT i AS item_no, ['Drill', 'drill', 'Ladder 3 m', 'Tent "Fjäll"', 'Saw_12', NULL][1 + i % 6] || ' ' || i AS title,
         ['tool', 'Tool', 'camping', NULL, ''][1 + i % 5] AS kind, (i * 7.25)::DECIMAL(10, 2) AS price, DATE '2024-01-31' + i * 30 AS bought_on
  FROM (SELECT unnest(range(1, 41))::INTEGER AS i);
CREATE TABLE loans AS
  SELECT 7000000000000000000 + n AS loan_no,
         CASE WHEN n % 41 = 0 THEN NULL WHEN n % 43 = 0 THEN 1 WHEN n % 2 = 0 THEN 9007199254740992 + (n * n * 3 + n) % 233
              ELSE 9007199254740992 + (n * 7) % 190 END AS card_no,
         CASE WHEN n % 11 = 0 THEN NULL ELSE 1 + (n * 7) % 44 END AS item_no,
         CASE WHEN n % 47 = 0 THEN NULL
              ELSE timezone('UTC', getvariable('now') - to_minutes([10, 1440, 7 * 1440 - 15, 7 * 1440 + 15, 89 * 1440, 91 * 1440,
                     300 * 1440, 500 * 1440, -60][1 + n % 9])) END AS taken_at,
         CASE WHEN n % 53 = 0 THEN NULL ELSE CAST(getvariable('now') AS DATE) - 300 + (n * 17) % 400 END AS due_on,
         CASE WHEN n % 3 = 0 THEN NULL ELSE TIMESTAMP '2026-01-30 22:00:00' + to_hours((n * 5) % 4000) END AS back_at,
         CASE WHEN n % 6 = 0 THEN NULL ELSE [0.00, 1.50, 2.25, 10.00, 0.10][1 + n % 5] END::DECIMAL(8, 2) AS fee,
         ['desk', 'Desk', 'app', 'kiosk', NULL, ''][1 + (n * 5) % 6] AS channel,
         n % 4 AS renewals, [TRUE, FALSE, NULL][1 + n // 5 % 3] AS damaged,
         [['fragile'], [], ['fragile', 'late'], NULL][1 + n % 4] AS marks
  FROM (SELECT unnest(range(1, 801))::INTEGER AS n);
CREATE TABLE fines AS
  SELECT m AS fine_no, CASE WHEN m % 19 = 0 THEN NULL ELSE 7000000000000000001 + (m * 5) % 700 END AS loan_no,
         CASE WHEN m % 9 = 0 THEN NULL ELSE (m % 16) / 4 END::DOUBLE AS amount, ['late', 'lost', 'Late', NULL][1 + m % 4] AS reason,
         [TRUE, FALSE, NULL][1 + m % 3] AS paid, TIMESTAMP '2026-03-31 23:30:00' + to_hours(m * 11) AS issued_at
  FROM (SELECT unnest(range(1, 301))::INTEGER AS m);
-- Who wishes for what; some of them said it twice.
CREATE TABLE wishes AS
  SELECT w + 1000 * again AS wish_no, CASE WHEN w % 31 = 0 THEN NULL ELSE 9007199254740992 + (w * 13) % 180 END AS card_no, 1 + (w * w) % 42 AS item_no
  FROM (SELECT unnest(range(1, 501))::INTEGER AS w), (SELECT unnest([0, 1]) AS again) WHERE again = 0 OR w <= 100;
`;

// FOLDER stands for where the file lies. Three zones: none of them is the browser's.
export const lendingCatalog = `version: 1
sources:
  - {name: lending, kind: duckdb, path: FOLDER/lending.duckdb}
models:
  - name: patrons
    type: users
    source: lending
    table: patrons
    primary_key: card_no
    tz: America/St_Johns
    fields:
      - {name: card_no, label: Card}
      - {name: mail, label: E-mail}
      - {name: name, label: Full name}
      - {name: town, label: Lives in}
      - {name: born}
      - {name: joined_at}
      - {name: seen_at, label: Last seen}
      - {name: deposit}
      - {name: score}
      - {name: visits}
      - {name: consent}
      - {name: topics}
      - {name: shelves}
      - {name: prefs}
      - {name: branch_no}
    relations:
      - {name: loans, kind: has_many, model: loans, key: card_no, foreign_key: card_no}
      - {name: branch, kind: belongs_to, model: branches, key: branch_no, foreign_key: branch_no}
      - {name: wish list, kind: many_to_many, model: items, key: card_no, through: wishes, through_key: card_no, through_foreign_key: item_no, foreign_key: item_no}
    computed:
      - {name: loan_count, aggregate: count, relation: loans, label: Loans}
      - name: open_late
        aggregate: count
        relation: loans
        where: {all: [{field: back_at, op: is_null}, {field: due_on, op: within_last, value: {days: 60}}]}
      - {name: spent, aggregate: sum, relation: loans, field: fee}
      - {name: mean_fee, aggregate: avg, relation: loans, field: fee}
      - {name: last_loan, aggregate: max, relation: loans, field: taken_at}
      - {name: channels, aggregate: count_distinct, relation: loans, field: channel}
      - {name: fined, aggregate: sum, relation: loans, field: fine_total}
      - {name: greeting, formula: "concat('Dear ', trim(name), ' of ', upper(town))"}
      - {name: age, formula: years_since(born)}
      - {name: left_over, formula: "round(deposit - spent, 1)"}
      - name: standing
        cases:
          - {when: {field: loan_count, op: gte, value: 8}, then: regular}
          - {when: {all: [{field: consent, op: is_true}, {related: loans}]}, then: "reader, and glad"}
          - {then: silent}
      - {name: branch_city, related: branch, field: city}
      - {name: first_loans, aggregate: count, relation: loans, where: {field: loan_no, op: in, value: [7000000000000000001, 7000000000000000003]}}
  - {name: branches, type: custom, source: lending, table: branches, primary_key: branch_no}
  - {name: items, type: custom, source: lending, table: items, primary_key: item_no}
  - {name: wishes, type: custom, source: lending, table: wishes, primary_key: wish_no}
  - name: loans
    type: events
    source: lending
    table: loans
    primary_key: loan_no
    tz: Asia/Tokyo
    relations:
      - {name: fines, kind: has_many, model: fines, key: loan_no, foreign_key: loan_no}
      - {name: item, kind: belongs_to, model: items, key: item_no, foreign_key: item_no}
    computed:
      - {name: fine_total, aggregate: sum, relation: fines, field: amount}
      - {name: kind, related: item, field: kind}
  - {name: fines, type: events, source: lending, table: fines, primary_key: fine_no}
`;
