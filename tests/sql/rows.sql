CREATE TABLE customers(id INTEGER, city VARCHAR, spent DECIMAL(10, 2), vip BOOLEAN, born DATE, joined DATE, seen TIMESTAMP, tags VARCHAR[],
  device UUID, opens TIME, code BLOB, ratio FLOAT);
INSERT INTO customers VALUES
  (1, 'Paris', 10.00, true, '1980-01-05', '2026-03-01', '2026-03-01 11:59:59', ['red'], 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10:20:30.125', '\x01\xFF', 0.1),
  (2, 'paris', 20.50, false, '2000-02-29', '2026-02-28', '2026-02-28 12:00:00', ['red', 'blue'], 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12', '23:59:59.5', '', 19.99),
  (3, ' ', -5.00, NULL, '2001-03-04', '2026-02-02', '2026-02-28 11:59:59', [], '00000000-0000-0000-0000-000000000000', '00:00:00.000001', 'abc', 16777216),
  (4, NULL, NULL, NULL, NULL, '2026-03-08', NULL, NULL, NULL, NULL, NULL, NULL),
  (5, 'L''Aquila''); DROP TABLE customers;--', 999.00, true, NULL, NULL, '2026-03-02 00:00:00', [''], 'ffffffff-ffff-ffff-ffff-ffffffffffff', '09:05:00.25', '\xFF\x01', -0.30000001);
CREATE TABLE orders(order_id INTEGER, customer_id INTEGER, total DOUBLE);
INSERT INTO orders VALUES (10, 1, 6), (11, 1, 7), (12, 1, 1), (13, 2, 9), (14, 3, NULL);
CREATE TABLE order_items(order_id INTEGER, sku VARCHAR);
INSERT INTO order_items VALUES (10, 'hat'), (11, 'shoe'), (13, 'shoe'), (14, 'hat');
CREATE TABLE clubs(club_id INTEGER, title VARCHAR);
INSERT INTO clubs VALUES (1, 'Chess'), (2, 'Go');
CREATE TABLE memberships(customer_id INTEGER, club_id INTEGER);
INSERT INTO memberships VALUES (1, 1), (1, 2), (2, 2), (4, 1);
