-- Who is already a contact in Iterable: nine customers in ten. Written to contacts.ndjson in the working directory.
SET VARIABLE known = 10;
COPY (
  SELECT lower(trim(c_email_address)) AS email,
         c_customer_id AS "userId",
         {'firstName': c_first_name, 'lastName': 'unknown', 'plan': 'free'} AS "dataFields"
  FROM customer
  WHERE c_email_address LIKE '%_@_%._%' AND c_customer_sk % getvariable('known') <> 0
  QUALIFY row_number() OVER (PARTITION BY lower(trim(c_email_address)) ORDER BY c_customer_sk) = 1
) TO 'contacts.ndjson' (FORMAT json);
