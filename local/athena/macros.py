"""Functions of Trino in DuckDB's words: under Trino's name, or under the name that `rules` and `moments` give them."""

from local.athena.errors import FAILS, HIDDEN

# An error that is raised by a cast, because TRY knows no error(): `errors.from_duckdb` takes the mark away again.
_FAIL = f"""
create macro fail(words) as cast('{FAILS}' || words as bigint);
create macro whole_text(t) as case when regexp_full_match(t, '[+-]?[0-9]+') then t else t || '{HIDDEN}' end;
create macro fitting(t, n) as left(t, case when length(t) <= n then n else
  fail('INVALID_CAST_ARGUMENT: Value ' || t || ' cannot be represented as varchar(' || n || ')') end);
"""

_NUMBERS = """
create macro divisor(n) as case when n = 0 then 1 // 0 else n end;
create macro from_base(s, r) as case when s is null then null else
  list_reduce(list_transform(str_split(lower(s), ''), lambda c: strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1),
    lambda a, d: a * r + d, 0::bigint) end;
create macro cube_root(x) as case when round(cbrt(x)) ** 3 = x then round(cbrt(x)) else cbrt(x) end;
create macro e() as exp(1);
create macro infinity() as 'infinity'::double;
create macro is_finite(x) as isfinite(x);
create macro is_infinite(x) as isinf(x);
create macro nan() as 'nan'::double;
create macro geometric_mean(x) as geomean(x);
create macro every(x) as bool_and(x);
create macro bucket(x, low, high, n) as
  case when x < low then 0 when x >= high then n + 1 else floor((x - low) / (high - low) * n)::bigint + 1 end;
create macro figures(v) as case when abs(v) >= 100 then printf('%.0f', v)
  when abs(v) >= 10 then regexp_replace(printf('%.1f', v), '[.]0$', '')
  else regexp_replace(printf('%.2f', v), '[.]?0+$', '') end;
create macro format_number(n) as case when abs(n) < 1000 then figures(n::double)
  when abs(n) < 1e6 then figures(n / 1e3) || 'K' when abs(n) < 1e9 then figures(n / 1e6) || 'M'
  when abs(n) < 1e12 then figures(n / 1e9) || 'B' when abs(n) < 1e15 then figures(n / 1e12) || 'T'
  else figures(n / 1e15) || 'Q' end;
create macro grouped(t) as
  regexp_replace(t, '[0-9]+.*$', '') || format('{:,}', regexp_extract(t, '[0-9]+')::bigint)
  || regexp_extract(t, '[.].*$');
create macro padded_left(t, n, zeros) as case when length(t) >= n then t
  when zeros and t[1] in ('-', '+') then t[1] || lpad(t[2:], n - 1, '0')
  else lpad(t, n, case when zeros then '0' else ' ' end) end;
"""

_ARRAYS = """
create macro subscript(a, i) as a[case when i between 1 and len(a) then i
  when i = 0 then fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
  when i < 0 then fail('INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || i)
  else fail('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: ' || i || ' > '
    || len(a)) end];
create macro element_or_null(a, i) as
  a[case when i = 0 then fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1') else i end];
create macro map_value(m, k) as map_extract(m, k)[case when map_contains(m, k) then 1
  else fail('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k) end];
create macro map_agg(k, v) as map(list(k), list(v));
create macro few(n) as case when n < 10000 then 1
  else fail('INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries') end;
create macro towards(a, b, s) as case
  when s = 0 then fail('INVALID_FUNCTION_ARGUMENT: step must not be zero')
  when (s > 0) = (b >= a) or a = b then s * few(abs(b - a) // nullif(abs(s), 0)) else fail(
    'INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if step is greater '
    'than zero otherwise stop should be less than or equal to start') end;
create macro numbers(a, b, s) as generate_series(a::bigint, b::bigint, towards(a::bigint, b::bigint, s::bigint));
create macro numbers_by_one(a, b) as numbers(a, b, case when a <= b then 1 else -1 end);
create macro moments(a, b, s) as generate_series(a::timestamp, b::timestamp, s);
create macro moments_by_day(a, b) as moments(a, b, case when a <= b then interval 1 day else interval '-1' day end);
create macro dates(a, b, s) as list_transform(moments(a, b, s), lambda d: d::date);
create macro dates_by_day(a, b) as list_transform(moments_by_day(a, b), lambda d: d::date);
create macro place_or_zero(a, x) as
  case when a is null or x is null then null else coalesce(list_position(a, x), 0)::bigint end;
create macro has_null(a) as len(list_filter(a, lambda x: x is null)) > 0;
create macro greatest_element(a) as case when has_null(a) then null else list_max(a) end;
create macro least_element(a) as case when has_null(a) then null else list_min(a) end;
create macro distinct_elements(a) as list_filter(a, lambda x, i: len(list_filter(a[1:i - 1],
  lambda y: y is not distinct from x)) = 0);
create macro array_union(a, b) as distinct_elements(list_concat(a, b));
create macro common_elements(a, b) as list_filter(distinct_elements(a), lambda x: len(list_filter(b,
  lambda y: y is not distinct from x)) > 0);
create macro arrays_overlap(a, b) as
  case when list_has_any(a, b) then true when has_null(a) or has_null(b) then null else false end;
create macro joined(a, d, n) as array_to_string(list_filter(
  list_transform(a, lambda x: coalesce(x::varchar, n)), lambda x: x is not null), d);
create macro part_of(a, s, n) as case when s > 0 then a[s:s + n - 1] when len(a) + s < 0 then a[1:0]
  when s = 0 then a[fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'):1]
  else a[len(a) + s + 1:len(a) + s + n] end;
create macro repeated(x, n) as list_transform(range(n), lambda _: x);
create macro trim_array(a, n) as a[1:len(a) - n];
create macro places(a, b) as range(1, greatest(len(a), len(b)) + 1);
create macro json_size(j, p) as json_array_length(j, p);
create macro json_format(j) as j::varchar;
"""

_TEXT = """
create macro codepoint(c) as unicode(c);
create macro text_to_end(t, s) as case when s = 0 or length(t) + s < 0 then '' else substring(t, s) end;
create macro text_from(t, s, n) as case when s = 0 or length(t) + s < 0 then '' else substring(t, s, n) end;
create macro split_at_most(t, d, n) as case when len(str_split(t, d)) <= n then str_split(t, d)
  else list_append(str_split(t, d)[1:n - 1], array_to_string(str_split(t, d)[n:], d)) end;
create macro part_of_text(t, d, i) as str_split(t, d)[
  case when i > 0 then i else fail('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero') end];
create macro nth_place(t, s, n) as case when len(str_split(t, s)) > n
  then length(array_to_string(str_split(t, s)[1:n], s)) + 1 else 0 end;
create macro matched_text(t, p, g) as case when regexp_matches(t, p) then regexp_extract(t, p, g) end;
create macro regexp_count(s, p) as len(regexp_extract_all(s, p));
create macro regexp_position(s, p) as case when regexp_matches(s, p)
  then length(str_split_regex(s, p)[1])::integer + 1 else case when s is null or p is null then null else -1 end end;
create macro levenshtein_distance(a, b) as levenshtein(a, b);
create macro hamming_distance(a, b) as hamming(a, b);
create macro to_hex(b) as hex(b);
"""

_MOMENTS = """
create macro current_timezone() as 'UTC';
create macro from_iso8601_date(s) as case
  when regexp_full_match(s, '[0-9]{4}-W[0-9]{2}') then strptime(s || '-1', '%G-W%V-%u')::date
  when regexp_full_match(s, '[0-9]{4}-W[0-9]{2}-[1-7]') then strptime(s, '%G-W%V-%u')::date
  when regexp_full_match(s, '[0-9]{4}-[0-9]{3}') then strptime(s, '%Y-%j')::date else s::date end;
create macro from_iso8601_timestamp(s) as case when regexp_matches(s, 'T.*[+-][0-9]{2}(:?[0-9]{2})?$')
  and not regexp_matches(s, '[+-]00:?00$')
  then to_timestamp(fail('NOT_SUPPORTED: the laptop cloud keeps no offset of a column of texts'))
  else s::timestamptz end;
create macro to_iso8601(t) as
  case typeof(t) when 'DATE' then strftime(t, '%Y-%m-%d') else strftime(t::timestamp, '%Y-%m-%dT%H:%M:%S.%g') end;
create macro to_unixtime(t) as epoch(t);
create macro between_moments(a, b) as to_microseconds(epoch_us(a::timestamp) - epoch_us(b::timestamp));
create macro interval_milliseconds(i) as (epoch(i) * 1000)::bigint;
create macro counted_unit(n, unit) as
  case when n > 0 then n || ' ' || unit || case when n = 1 then '' else 's' end end;
create macro human_readable_seconds(s) as case when round(s) = 0 then '0 seconds' else concat_ws(', ',
  counted_unit(round(s)::bigint // 604800, 'week'), counted_unit(round(s)::bigint // 86400 % 7, 'day'),
  counted_unit(round(s)::bigint // 3600 % 24, 'hour'), counted_unit(round(s)::bigint // 60 % 60, 'minute'),
  counted_unit(round(s)::bigint % 60, 'second')) end;
create macro days_and_time(ms) as (case when ms < 0 then '-' else '' end) || printf('%d %02d:%02d:%02d.%03d',
  abs(ms) // 86400000, abs(ms) // 3600000 % 24, abs(ms) // 60000 % 60, abs(ms) // 1000 % 60, abs(ms) % 1000);
create macro years_and_months(m) as (case when m < 0 then '-' else '' end) || abs(m) // 12 || '-' || abs(m) % 12;
create macro months_of(i) as date_part('year', i) * 12 + date_part('month', i);
"""

MACROS = _FAIL + _NUMBERS + _ARRAYS + _TEXT + _MOMENTS
