package live

import "strconv"

// blocks collects cells by column. Rows must come in ascending order.
type blocks struct {
	columns []*column
	byName  map[string]*column
}

// column is the cells of one column: the rows as distances, and the values.
type column struct {
	name         string
	last         int
	rows, values []byte
}

func (b *blocks) add(name string, number int, text string) {
	c := b.byName[name]
	if c == nil {
		c = &column{name: name}
		if b.byName == nil {
			b.byName = map[string]*column{}
		}
		b.byName[name] = c
		b.columns = append(b.columns, c)
	} else {
		c.rows, c.values = append(c.rows, ','), append(c.values, ',')
	}
	c.rows = strconv.AppendInt(c.rows, int64(number-c.last), 10)
	c.last = number
	if text == "" {
		text = "null"
	}
	c.values = append(c.values, text...)
}

// append adds the JSON of all cells: columns of the same rows share a block.
func (b *blocks) append(out []byte) []byte {
	if len(b.columns) == 0 {
		return out
	}
	out = append(out, `,"blocks":[`...)
	var order []string
	same := map[string][]*column{}
	for _, c := range b.columns {
		rows := string(c.rows)
		if same[rows] == nil {
			order = append(order, rows)
		}
		same[rows] = append(same[rows], c)
	}
	for n, rows := range order {
		if n > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, `{"rows":[`...), rows...), `],"columns":{`...)
		for m, c := range same[rows] {
			if m > 0 {
				out = append(out, ',')
			}
			out = append(append(out, quoted(c.name)...), `:[`...)
			out = append(append(out, c.values...), ']')
		}
		out = append(out, '}', '}')
	}
	return append(out, ']')
}
