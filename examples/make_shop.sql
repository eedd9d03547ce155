-- A sample shop in DuckDB: TPC-DS customers, addresses, items and sales, and two tables a shop would keep
-- over them, `orders` and `order_items`.
--
-- Needs DuckDB's tpcds extension, loaded. Two variables may be set before:
--   scale   0.1 makes 10,000 customers and 42,000 orders in seconds; 1 makes ten times as many
--   today   the day after the last order; TPC-DS ends on 2003-01-02, so every sale is moved by as many days
--           as lie between, and "in the last 90 days" means something
SET VARIABLE scale = coalesce(getvariable('scale'), 0.1);
SET VARIABLE today = coalesce(CAST(getvariable('today') AS DATE), current_date);

CALL dsdgen(sf = getvariable('scale'));

-- What no segment of the example asks for.
DROP TABLE catalog_page;
DROP TABLE catalog_returns;
DROP TABLE catalog_sales;
DROP TABLE customer_demographics;
DROP TABLE household_demographics;
DROP TABLE income_band;
DROP TABLE inventory;
DROP TABLE ship_mode;
DROP TABLE store_returns;
DROP TABLE web_returns;

-- Lines of both channels. TPC-DS prices a basket like a car: a hundredth of it is a shop's.
CREATE TABLE order_items AS
WITH lines AS (
  SELECT 'store-' || ss_ticket_number AS order_id,
         ss_customer_sk AS customer_number,
         ss_sold_date_sk AS date_sk,
         ss_sold_time_sk AS time_sk,
         ss_item_sk AS item_number,
         ss_quantity AS quantity,
         CAST(ss_net_paid / 100 AS DECIMAL(9, 2)) AS paid
  FROM store_sales
  UNION ALL
  SELECT 'web-' || ws_order_number,
         ws_bill_customer_sk,
         ws_sold_date_sk,
         ws_sold_time_sk,
         ws_item_sk,
         ws_quantity,
         CAST(ws_net_paid / 100 AS DECIMAL(9, 2))
  FROM web_sales
)
SELECT lines.order_id,
       lines.customer_number,
       CAST(d_date + CAST(getvariable('today') - DATE '2003-01-03' AS INTEGER)
            + to_seconds(coalesce(lines.time_sk, 43200)) AS TIMESTAMP) AS ordered_at,
       lines.item_number,
       lines.quantity,
       lines.paid
FROM lines
JOIN date_dim ON d_date_sk = lines.date_sk;

DROP TABLE store_sales;
DROP TABLE web_sales;

CREATE TABLE orders AS
SELECT order_id,
       min(customer_number) AS customer_number,  -- some lines of an order do not say
       min(ordered_at) AS ordered_at,
       CASE WHEN order_id LIKE 'web-%' THEN 'web' ELSE 'store' END AS channel,
       count(*) AS lines,
       coalesce(sum(paid), 0)::DECIMAL(9, 2) AS total
FROM order_items
GROUP BY order_id
ORDER BY ordered_at;

CHECKPOINT;
