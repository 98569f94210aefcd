package metric

// Rates turns the points of a counter into growth per second, each point's since the one before. A counter that fell began
// anew, so that all it shows came since. The first point has nothing before it and is left out. Of a bucket it takes the
// highest value, which is the last one unless the counter began anew within it.
func Rates(points []Point) []Point {
	out := make([]Point, 0, max(len(points)-1, 0))
	for i := 1; i < len(points); i++ {
		before, p := points[i-1], points[i]
		seconds := float64(p.At-before.At) / 1000
		if seconds <= 0 {
			continue
		}
		grown := p.Max - before.Max
		if grown < 0 {
			grown = p.Max
		}
		rate := grown / seconds
		out = append(out, Point{At: p.At, Value: rate, Min: rate, Max: rate, Count: p.Count})
	}
	return out
}
