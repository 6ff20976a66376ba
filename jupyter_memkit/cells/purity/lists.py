"""The closed lists of calls without side effects.

Anything that is not listed may have one. Functions are listed by module, attributes of
values by name: a name is only listed if it is pure for every type of Python, numpy,
pandas, polars and pyarrow that has it.
"""

from __future__ import annotations

PURE_BUILTINS = frozenset(
    {
        *("abs", "all", "any", "bool", "bytes", "chr", "complex", "dict", "divmod"),
        *("enumerate", "filter", "float", "format", "frozenset", "hash", "int"),
        *("isinstance", "iter", "len", "list", "map", "max", "min", "next", "object"),
        *("ord", "pow", "range", "repr", "reversed", "round", "set", "slice"),
        *(
            "sorted",
            "str",
            "sum",
            "tuple",
            "zip",
            "ArithmeticError",
            "Exception",
            "IndexError",
        ),
        *("KeyError", "RuntimeError", "TypeError", "ValueError", "ZeroDivisionError"),
    }
)

# Functions, by the name of their module.
PURE_FUNCTIONS: dict[str, frozenset[str]] = {
    module: frozenset(names.split())
    for module, names in {
        "collections": ("Counter defaultdict deque OrderedDict"),
        "datetime": ("date datetime time timedelta timezone UTC"),
        "decimal": ("Decimal"),
        "fractions": ("Fraction"),
        "functools": ("partial reduce"),
        "hashlib": ("md5 sha1 sha256 sha512"),
        "itertools": (
            "accumulate chain combinations compress count dropwhile filterfalse "
            "groupby islice pairwise permutations product repeat starmap takewhile "
            "zip_longest"
        ),
        "json": ("dumps loads"),
        "jupyter_memkit": ("partial"),
        "math": (
            "ceil comb copysign cos dist e erf exp expm1 fabs factorial floor fmod "
            "fsum gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp log log10 "
            "log1p log2 modf nan perm pi pow prod radians remainder sin sqrt tan tau "
            "trunc"
        ),
        "operator": (
            "abs add and_ contains countOf eq floordiv ge gt invert itemgetter le lt "
            "mod mul ne neg not_ or_ pow sub truediv truth xor"
        ),
        "re": (
            "compile DOTALL escape findall finditer fullmatch I IGNORECASE M match "
            "MULTILINE S search split sub VERBOSE X"
        ),
        "statistics": (
            "correlation covariance fmean geometric_mean harmonic_mean mean median "
            "median_high median_low mode multimode pstdev pvariance quantiles stdev "
            "variance"
        ),
        "string": (
            "ascii_letters ascii_lowercase ascii_uppercase digits punctuation "
            "whitespace"
        ),
        "time": ("monotonic perf_counter time time_ns"),
        "zlib": ("adler32 crc32"),
        "numpy": (
            "abs absolute add all allclose amax amin any arange arccos arcsin arctan "
            "arctan2 argmax argmin argsort argwhere array array_equal array_split "
            "asarray atleast_1d atleast_2d average bincount bool_ broadcast_to ceil "
            "clip column_stack concatenate convolve corrcoef correlate cos cosh "
            "count_nonzero cov cross cumprod cumsum datetime64 deg2rad diag diff "
            "digitize divide dot e ediff1d einsum empty_like equal exp exp2 "
            "expand_dims expm1 eye fabs fix flatnonzero flip float32 float64 floor "
            "floor_divide fmax fmin full full_like geomspace gradient greater "
            "greater_equal histogram histogram2d histogram_bin_edges histogramdd "
            "hstack hypot identity inf inner int16 int32 int64 int8 interp intersect1d "
            "isclose isfinite isin isinf isnan isnat less less_equal lexsort linspace "
            "log log10 log1p log2 logaddexp logical_and logical_not logical_or "
            "logical_xor logspace matmul max maximum mean median meshgrid min minimum "
            "mod multiply nan nan_to_num nanargmax nanargmin nancumsum nanmax nanmean "
            "nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar "
            "ndarray negative newaxis nonzero not_equal ones ones_like outer "
            "percentile pi polyfit polyval power prod ptp quantile rad2deg ravel "
            "reciprocal remainder repeat reshape roll rot90 round searchsorted select "
            "setdiff1d setxor1d shape sign sin sinh size sort split sqrt square "
            "squeeze stack std subtract sum swapaxes take take_along_axis tan tanh "
            "tensordot tile timedelta64 trace transpose trapezoid tri tril triu "
            "true_divide trunc uint16 uint32 uint64 uint8 union1d unique unwrap var "
            "vdot vstack where zeros zeros_like"
        ),
        "numpy.fft": ("fft fft2 fftfreq ifft irfft rfft rfftfreq"),
        "numpy.linalg": (
            "cholesky cond det eig eigh eigvals eigvalsh inv lstsq matrix_power "
            "matrix_rank norm pinv qr slogdet solve svd"
        ),
        "pandas": (
            "array bdate_range BooleanDtype Categorical CategoricalDtype "
            "CategoricalIndex concat crosstab cut DataFrame date_range DateOffset "
            "DatetimeIndex factorize Float64Dtype from_dummies get_dummies Grouper "
            "Index Int64Dtype Interval IntervalIndex isna isnull melt merge merge_asof "
            "merge_ordered MultiIndex NA NamedAgg NaT notna notnull Period "
            "period_range PeriodIndex pivot pivot_table qcut RangeIndex Series "
            "StringDtype Timedelta timedelta_range TimedeltaIndex Timestamp "
            "to_datetime to_numeric to_timedelta unique value_counts wide_to_long"
        ),
        "polars": (
            "all all_horizontal any any_horizontal approx_n_unique arange arctan2 "
            "arg_sort_by arg_where Boolean business_day_count Categorical coalesce col "
            "concat concat_arr concat_list concat_str corr count cov cum_count "
            "cum_fold cum_reduce cum_sum cum_sum_horizontal DataFrame Date date "
            "date_range date_ranges Datetime datetime datetime_range datetime_ranges "
            "Decimal Duration duration element Enum exclude field first Float32 "
            "Float64 fold format from_arrow from_dict from_dicts from_epoch from_numpy "
            "from_pandas from_records head implode Int128 Int16 Int32 Int64 Int8 "
            "int_range int_ranges last len List lit max max_horizontal mean "
            "mean_horizontal median min min_horizontal n_unique nth Null ones quantile "
            "reduce repeat rolling_corr rolling_cov row_index select selectors Series "
            "sql std String Struct struct sum sum_horizontal tail Time time time_range "
            "time_ranges UInt128 UInt16 UInt32 UInt64 UInt8 Utf8 var when zeros"
        ),
        "polars.selectors": (
            "all alpha alphanumeric binary boolean by_dtype by_index by_name "
            "categorical contains date datetime decimal digit duration ends_with "
            "exclude first float integer last matches numeric signed_integer "
            "starts_with string temporal time unsigned_integer"
        ),
        "scipy": (""),
        "scipy.stats": (
            "describe entropy gmean hmean iqr kendalltau kurtosis linregress moment "
            "pearsonr sem skew spearmanr trim_mean tmean zscore"
        ),
        # `queries` has its calls, whose values are no tables yet.
        "duckdb": (""),
        "pyarrow": (
            "array Array bool_ chunked_array compute concat_arrays concat_tables "
            "date32 float32 float64 int16 int32 int64 int8 large_string record_batch "
            "RecordBatch scalar string Table table timestamp uint16 uint32 uint64 "
            "uint8"
        ),
        "pyarrow.compute": (
            "abs add all and_ and_kleene any approximate_median array_take "
            "binary_join_element_wise binary_length bit_wise_and case_when cast ceil "
            "coalesce cos count count_distinct count_substring cumulative_max "
            "cumulative_mean cumulative_min cumulative_prod cumulative_sum day "
            "day_of_week day_of_year days_between dictionary_encode divide ends_with "
            "equal exp fill_null fill_null_backward fill_null_forward filter "
            "find_substring first first_last floor greater greater_equal hour if_else "
            "index_in indices_nonzero invert is_finite is_in is_inf is_nan is_null "
            "is_valid iso_week iso_year kurtosis last less less_equal list_flatten "
            "list_value_length ln log10 log1p log2 match_like match_substring "
            "match_substring_regex max max_element_wise mean min min_element_wise "
            "min_max minute mode month multiply negate not_equal or_ or_kleene "
            "pairwise_diff power product quantile quarter rank replace_substring "
            "replace_substring_regex round round_to_multiple second select_k_unstable "
            "sign sin skew sort_indices sqrt starts_with stddev strftime strptime "
            "struct_field subtract sum take tdigest unique utf8_capitalize "
            "utf8_length utf8_lower utf8_ltrim utf8_replace_slice utf8_rtrim "
            "utf8_slice_codeunits utf8_title utf8_trim utf8_trim_whitespace "
            "utf8_upper value_counts variance week xor year"
        ),
    }.items()
}

_ATTRIBUTES = (
    "abs add_categories add_column add_prefix add_suffix agg aggregate alias align all "
    "alter any append_column apply approx_n_unique approx_quantile arg_max arg_min "
    "arg_sort arg_unique argmax argmin argsort arr array as_integer_ratio as_ordered "
    "as_py as_unordered asfreq asof assign astype at at_time autocorr axes "
    "backward_fill base between between_time bfill bin bit_count bit_length bool "
    "bottom_k capitalize casefold cast cat categories ceil center clip clone codes "
    "collect column column_names columns combine combine_chunks combine_first compare "
    "concat conjugate contains convert_dtypes copy corr corrwith cos count cov "
    "cum_count cum_max cum_min cum_prod cum_sum cumcount cummax cummin cumprod cumsum "
    "cut data date day day_name dayofweek dayofyear days days_in_month decode describe "
    "dictionary_encode diff difference digest div divide dot drop drop_columns "
    "drop_duplicates drop_levels drop_nans drop_null drop_nulls droplevel dropna dt "
    "dtype dtypes duplicated elements empty encode end endswith entropy eq eq_missing "
    "equals estimated_size ewm ewm_mean ewm_std ewm_var exp expanding explode extract "
    "extractall factorize ffill field fill_nan fill_null fillna filter find findall "
    "first first_valid_index flags flatten floor floordiv format forward_fill freq "
    "from_dict from_iterable from_pandas from_product from_pydict from_pylist "
    "from_records from_tuples fromisoformat fromkeys fromtimestamp fullmatch gather "
    "gather_every ge get get_column get_columns get_dummies get_group get_indexer "
    "get_level_values get_loc group group_by group_by_dynamic groupby groupdict "
    "groups gt has_nulls hash_rows head height hexdigest histogram hour hstack iat "
    "idxmax idxmin iloc imag "
    "implode index index_of indices infer_objects interpolate intersection is_between "
    "is_duplicated is_empty is_finite is_first_distinct is_in is_infinite is_integer "
    "is_leap_year is_monotonic_decreasing is_monotonic_increasing is_month_end "
    "is_month_start is_nan is_not_nan is_not_null is_null is_quarter_end "
    "is_quarter_start is_unique is_valid is_year_end is_year_start isalnum isalpha "
    "isdecimal isdigit isdisjoint isin islower isna isnull isnumeric isocalendar "
    "isoformat isoweekday isspace issubset issuperset isupper item items itemsize "
    "iter_rows iterrows itertuples join join_asof keys kurt kurtosis lag last "
    "last_valid_index lazy le left len len_bytes len_chars levels limit list lit ljust "
    "loc log log10 log1p lower lstrip lt map map_batches map_elements map_rows mask "
    "match max max_horizontal mean mean_horizontal median melt memory_usage merge "
    "microsecond millisecond min min_horizontal minute mod mode month month_name "
    "most_common mul multiply n_unique name names nanosecond nbytes ndim ne negate "
    "ngroup ngroups nlargest nlevels nonzero normalize not_ notna notnull now nrows "
    "nsmallest nth null_count num_columns num_rows nunique offset ohlc over pad "
    "partition_by partition_text pct_change peak_max peak_min percentile pipe pivot "
    "pivot_table pow prod product ptp qcut quantile quantize quarter query radd rank "
    "ravel rdiv real reciprocal reindex remove_column removeprefix removesuffix rename "
    "rename_axis rename_categories rename_columns reorder_categories repeat replace "
    "replace_strict resample reset_index reshape rfind right rindex rjust rle rle_id "
    "rolling rolling_max rolling_mean rolling_median rolling_min rolling_quantile "
    "rolling_skew rolling_std rolling_sum rolling_var round row row_nr rows rpartition "
    "rsplit rstrip rsub sample schema search search_sorted second seconds select "
    "select_dtypes sem set_axis set_categories set_codes set_column set_index "
    "set_levels set_names shape shift shrink_dtype sign sin size skew slice sort_by "
    "sort_index sort_values span split splitlines sql sqrt squeeze stack start "
    "startswith std str strftime strip strip_chars strptime struct sub subtract sum "
    "sum_horizontal swapaxes swapcase swaplevel symmetric_difference T tail take tan "
    "tanh time timestamp title to_arrow to_batches to_date to_datetime to_dict "
    "to_dicts to_dummies to_flat_index to_frame to_list to_lowercase to_numpy "
    "to_pandas to_period to_physical to_pydatetime to_pydict to_pylist to_pytimedelta "
    "to_records to_series to_struct to_timestamp to_titlecase to_uppercase today "
    "tolist top_k total total_seconds trace transform translate transpose truediv "
    "trunc truncate type tz tz_convert tz_localize union unique unique_counts unnest "
    "unpivot unstack upper utcnow value_counts values var view week weekday where "
    "width with_columns with_row_index xs year zfill zip"
)

# Attributes of tables, columns, groups, expressions, arrays and Python's own data.
PURE_ATTRIBUTES = frozenset(_ATTRIBUTES.split())

# These change the object they are called on, which the cell has to have created.
CHANGING_ATTRIBUTES = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert"),
        *("pop", "popitem", "popleft", "remove", "reverse", "setdefault", "sort"),
        *("subtract", "update", "difference_update", "intersection_update"),
        "partition",
    }
)

# Methods that call a function named by a string.
CALLING_BY_NAME = frozenset(
    {"agg", "aggregate", "apply", "pipe", "pivot_table", "transform"}
)
NAMING_ARGUMENTS = frozenset({"aggfunc", "func"})

# Methods that run a string as code.
READING_CODE = frozenset({"eval", "query"})

# Methods and functions that run a string as a query in SQL.
RUNNING_SQL = frozenset({"sql"})

# Methods that draw from a shared random generator, unless they are given a seed.
DRAWING = {"sample": frozenset({"random_state", "seed"})}
