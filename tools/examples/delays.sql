-- Delays of the flights that left New York in 2013: what tools/quickstart deploys.
-- `maser deploy tools/examples/delays.sql` a second time changes nothing.

CREATE APPLICATION delays OPTIONS (checkpoint = '200 ms');

-- Records are JSON objects; those with the same destination stay in order, in one of eight buckets.
CREATE CATEGORY flights BUCKETS 8 BY dest FORMAT JSON;

-- The fields of a record that the tables below need. `scheduled` decides the pane; the records carry New York's
-- offset (2013-01-01T05:15:00-05:00), panes begin at midnight and at full hours in UTC.
CREATE INPUT TABLE flights (
    scheduled TIMESTAMP, carrier STRING, flight INT64, tailnum STRING, origin STRING, dest STRING,
    dep_time INT64, dep_delay DOUBLE, arr_delay DOUBLE, air_time INT64, distance INT64
) FROM CATEGORY 'flights' START EARLIEST TIME scheduled;

-- Routes. All routes of one airport share a shard, so that `maser scan delay_by_route EWR` reads one place.

CREATE TABLE delay_by_route SHARD BY (origin) AS
SELECT origin, dest,
       COUNT(*) AS flights,
       COUNT(dep_delay) AS departed,
       COUNT_IF(dep_delay > 15) AS late,
       AVG(dep_delay) AS mean_delay,
       SUM(dep_delay) / COUNT(dep_delay) AS check_mean,
       MIN(dep_delay) AS least_delay,
       MAX(dep_delay) AS worst_delay,
       STDDEV_SAMP(dep_delay) AS delay_deviation,
       COUNT_IF(dep_delay > 15) / COUNT(*) AS late_share
FROM flights [1 DAY]
GROUP BY origin, dest;

CREATE TABLE delay_by_route_hourly SHARD BY (origin) AS
SELECT origin, dest,
       COUNT(*) AS flights,
       AVG(dep_delay) AS mean_delay,
       VAR_POP(arr_delay) AS arrival_variance,
       AVG(distance / air_time * 60) AS miles_per_hour,
       SUM(distance * 1.609344) AS kilometers
FROM flights [1 HOUR]
GROUP BY origin, dest;

-- Carriers.

CREATE TABLE delay_by_carrier AS
SELECT carrier,
       COUNT(*) AS flights,
       SUM(distance) AS miles,
       SUM(arr_delay) AS minutes_late,
       AVG(air_time) AS mean_air_time,
       STDDEV_POP(air_time) AS air_time_deviation,
       VAR_SAMP(distance / air_time * 60) AS speed_variance,
       FIRST(tailnum) AS first_aircraft,
       LAST(dest) AS last_destination,
       MIN_BY(dest, arr_delay) AS quickest_to,
       MAX_BY(dest, arr_delay) AS slowest_to,
       BOOL_OR(dep_delay > 180) AS any_very_late,
       BOOL_AND(dep_time IS NOT NULL) AS none_cancelled
FROM flights [1 DAY]
GROUP BY carrier;

CREATE TABLE delay_by_carrier_hourly AS
SELECT carrier,
       COUNT(*) AS flights,
       AVG(arr_delay) AS mean_arrival_delay,
       MAX_BY(flight, dep_delay) AS latest_flight,
       COALESCE(SUM(air_time), 0) AS minutes_in_air
FROM flights [1 HOUR]
WHERE dep_delay IS NOT NULL AND NOT (origin = 'LGA' AND distance < 300)
GROUP BY carrier;

-- Tail numbers. A flight that was cancelled early may have none: those share the key NULL.

CREATE TABLE flights_by_tailnum AS
SELECT tailnum,
       COUNT(*) AS flights,
       SUM(air_time) AS minutes_in_air,
       SUM(distance) AS miles,
       FIRST(origin) AS first_origin,
       LAST(dest) AS last_destination,
       MIN(scheduled) AS first_scheduled,
       MAX(scheduled) AS last_scheduled
FROM flights [1 DAY]
GROUP BY tailnum;

CREATE TABLE flights_by_tailnum_hourly AS
SELECT tailnum,
       COUNT(*) AS flights,
       MIN(dest) AS first_by_name,
       LAST(arr_delay) AS last_delay,
       CASE WHEN MAX(dep_delay) > 60 THEN 'late' WHEN COUNT(dep_delay) = 0 THEN 'cancelled' ELSE 'fine' END AS verdict
FROM flights [1 HOUR]
GROUP BY tailnum;

-- A whole year at once: no panes.

CREATE TABLE carriers AS
SELECT carrier,
       COUNT(*) AS flights,
       AVG(dep_delay) AS mean_delay,
       STDDEV_SAMP(dep_delay) AS delay_deviation,
       SUM(distance * 1.609344) AS kilometers,
       VAR_POP(distance * 1.609344) AS kilometers_variance,
       MIN_BY(tailnum, distance) AS shortest_hop_by,
       MAX_BY(tailnum, arr_delay) AS worst_aircraft
FROM flights
GROUP BY carrier;

-- An upsert: the latest scheduled flight of each aircraft. One that was cancelled takes its aircraft off the board.

CREATE TABLE aircraft PRIMARY KEY (tailnum) AS
SELECT tailnum, carrier, flight, dest AS last_seen_at, scheduled AS last_scheduled, arr_delay / 60 AS hours_late
FROM flights
WHERE tailnum IS NOT NULL
DELETE WHERE dep_time IS NULL;

-- Filled by loads.

CREATE TABLE airports (
    faa STRING, name STRING, lat DOUBLE, lon DOUBLE, alt INT64, tz INT64, dst STRING, tzone STRING
) PRIMARY KEY (faa);

CREATE TABLE airlines (carrier STRING, name STRING) PRIMARY KEY (carrier);

CREATE TABLE planes (
    tailnum STRING, year INT64, type STRING, manufacturer STRING, model STRING, engines INT64, seats INT64,
    speed INT64, engine STRING
) PRIMARY KEY (tailnum);
