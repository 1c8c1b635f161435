package recalc

// Hold makes the population tally so many different amounts at once, and model every stride-th part.
func (p *Population) Hold(values, stride int) { p.most, p.stride = values, stride }
