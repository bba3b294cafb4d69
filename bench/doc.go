// Package bench measures malgrupp on the log E20 (see package e20) and compares its members with those of a plain loop.
//
// In come the sizes in the environment; out come metrics that benchstat reads. Every figure of a run is set against the
// decode floor, which is measured right beside it: reading the same columns and doing nothing with them. The package
// makes its log once and keeps it in the user's cache. It needs a Unix, which tells it the processor time.
//
//	MALGRUPP_BENCH_ROWS   rows of the log (default 20,000,000)
//	MALGRUPP_BENCH_DIR    folder of the logs (default: malgrupp-bench in the user's cache)
package bench
