-- One day in the life of the shop that make_shop.sql made: newcomers, orders, changed names and
-- addresses, people who leave, and keys that are none. May be applied again: another day.
--
-- `today` as in make_shop.sql: the orders of this day are dated the day before.
SET VARIABLE today = coalesce(CAST(getvariable('today') AS DATE), current_date);
SET VARIABLE last_customer = (SELECT max(c_customer_sk) FROM customer);
SET VARIABLE last_day_order = (SELECT count(*) FROM orders WHERE order_id LIKE 'day-%');

BEGIN;

-- Newcomers: sixty, each with a birthday in the coming days, half of them in the newsletter.
INSERT INTO customer BY NAME
SELECT getvariable('last_customer') + n AS c_customer_sk,
       'NEW' || lpad(CAST(getvariable('last_customer') + n AS VARCHAR), 13, '0') AS c_customer_id,
       (SELECT min(ca_address_sk) FROM customer_address WHERE ca_state = 'CA') AS c_current_addr_sk,
       ['Ana', 'Björn', 'Chloé', 'Dmitri', 'Eun-ji'][1 + n % 5] AS c_first_name,
       ['Nguyen', 'O''Neill', 'Peña', 'Quist'][1 + n % 4] AS c_last_name,
       'newcomer' || (getvariable('last_customer') + n) || '@example.com' AS c_email_address,
       CASE WHEN n % 2 = 0 THEN 'Y' ELSE 'N' END AS c_preferred_cust_flag,
       day(getvariable('today') + CAST(n % 10 AS INTEGER)) AS c_birth_day,
       month(getvariable('today') + CAST(n % 10 AS INTEGER)) AS c_birth_month,
       1960 + n % 40 AS c_birth_year,
       'UNITED STATES' AS c_birth_country
FROM range(1, 61) newcomers(n);

-- The day's orders: of every newcomer, and of every seventh customer who had not ordered for half a year.
INSERT INTO orders
SELECT 'day-' || (getvariable('last_day_order') + row_number() OVER (ORDER BY customer_number)) AS order_id,
       customer_number,
       getvariable('today') - 1 + to_seconds(28800 + customer_number % 40000) AS ordered_at,
       'web' AS channel,
       1 AS lines,
       CAST(20 + customer_number % 500 AS DECIMAL(9, 2)) AS total
FROM (
  SELECT c_customer_sk AS customer_number
  FROM customer
  WHERE c_customer_sk > getvariable('last_customer')
  UNION ALL
  SELECT customer_number
  FROM orders
  WHERE customer_number % 7 = 0
  GROUP BY customer_number
  HAVING max(ordered_at) < getvariable('today') - 180
);
INSERT INTO order_items
SELECT order_id, customer_number, ordered_at, 1 + customer_number % 1000, 1, total
FROM orders
WHERE ordered_at >= getvariable('today') - 1 AND order_id LIKE 'day-%'
  AND order_id NOT IN (SELECT order_id FROM order_items WHERE order_id LIKE 'day-%');

-- People marry, move and open new mailboxes.
UPDATE customer SET c_last_name = c_last_name || '-Smith' WHERE c_customer_sk % 50 = 1 AND c_last_name NOT LIKE '%-Smith';
UPDATE customer SET c_email_address = 'moved.' || c_customer_sk || '@example.org' WHERE c_customer_sk % 200 = 2;
UPDATE customer SET c_current_addr_sk = (SELECT min(ca_address_sk) FROM customer_address WHERE ca_state = 'CA')
WHERE c_customer_sk % 300 = 3;

-- Some say no to the newsletter; some are deleted outright.
UPDATE customer SET c_preferred_cust_flag = 'N' WHERE c_customer_sk % 40 = 4;
DELETE FROM customer WHERE c_customer_sk % 100 = 5;

-- Keys that are none: missing, blank, malformed, and one address for two people, written in two ways.
UPDATE customer SET c_email_address = NULL WHERE c_customer_sk % 1000 = 6;
UPDATE customer SET c_email_address = '   ' WHERE c_customer_sk % 1000 = 7;
UPDATE customer SET c_email_address = 'call me' WHERE c_customer_sk % 1000 = 8;
UPDATE customer SET c_email_address = ' Shared.' || (c_customer_sk // 1000) || '@Example.com ' WHERE c_customer_sk % 1000 = 9;
UPDATE customer SET c_email_address = 'shared.' || (c_customer_sk // 1000) || '@example.com' WHERE c_customer_sk % 1000 = 10;

COMMIT;
