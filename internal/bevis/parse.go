package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// benchmark is all runs of one benchmark.
type benchmark struct {
	Package string           `json:"package"`
	Name    string           `json:"name"` // without "Benchmark" and the number of processors
	Runs    int              `json:"runs"`
	Values  map[string]value `json:"values"` // by unit: "ns/op", and what the benchmark reports itself
}

// value is what the runs of a benchmark gave for one unit.
type value struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

type findings struct {
	benchmarks []benchmark
	figures    []json.RawMessage
}

// parse reads the output of go test. What is no benchmark and no figure is passed over, but a figure that is not JSON is an
// error: someone meant it to be kept.
func parse(in io.Reader) (findings, error) {
	var found findings
	all := runs{byKey: map[string]map[string][]float64{}}
	pkg := ""
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := scanner.Text()
		if p, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = p
		} else if _, text, ok := strings.Cut(line, "bevis: "); ok {
			if !json.Valid([]byte(text)) {
				return findings{}, fmt.Errorf("not JSON: %q", line)
			}
			found.figures = append(found.figures, json.RawMessage(text))
		} else if name, values, ok := benchmarkLine(line); ok {
			all.add(pkg, name, values)
		}
	}
	found.benchmarks = all.summary()
	return found, scanner.Err()
}

// benchmarkLine reads "BenchmarkName-2  100  12.5 ns/op  3 own/unit".
func benchmarkLine(line string) (name string, values map[string]float64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 || !strings.HasPrefix(fields[0], "Benchmark") {
		return "", nil, false
	}
	if _, err := strconv.Atoi(fields[1]); err != nil {
		return "", nil, false
	}
	values = map[string]float64{}
	for i := 2; i < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return "", nil, false
		}
		values[fields[i+1]] = v
	}
	name = strings.TrimPrefix(fields[0], "Benchmark")
	// The number of processors is among the conditions; only that suffix goes, since a name may end in a number of its own.
	return strings.TrimSuffix(name, "-"+strconv.Itoa(runtime.GOMAXPROCS(0))), values, true
}

// runs gathers the values of each benchmark, in the order they were first met.
type runs struct {
	order [][2]string // package and name
	byKey map[string]map[string][]float64
}

func (r *runs) add(pkg, name string, values map[string]float64) {
	key := pkg + " " + name
	if r.byKey[key] == nil {
		r.byKey[key] = map[string][]float64{}
		r.order = append(r.order, [2]string{pkg, name})
	}
	for unit, v := range values {
		r.byKey[key][unit] = append(r.byKey[key][unit], v)
	}
}

func (r *runs) summary() []benchmark {
	var all []benchmark
	for _, o := range r.order {
		b := benchmark{Package: o[0], Name: o[1], Values: map[string]value{}}
		for unit, vs := range r.byKey[o[0]+" "+o[1]] {
			slices.Sort(vs)
			b.Values[unit] = value{Median: median(vs), Min: vs[0], Max: vs[len(vs)-1]}
			b.Runs = max(b.Runs, len(vs))
		}
		all = append(all, b)
	}
	return all
}

// median of sorted values.
func median(vs []float64) float64 {
	n := len(vs)
	return (vs[(n-1)/2] + vs[n/2]) / 2
}
