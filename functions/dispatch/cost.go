package main

import (
	"liuke/shared/budget"
	"liuke/shared/message"
	"liuke/shared/sms"
)

// cost is what a message that was sent has cost, as far as the prices of the settings say; else what was set aside for it. A
// text costs as many parts as it has segments.
func (h *Handler) cost(e *message.Entry, out *prepared) budget.Micro {
	parts := 1
	if e.Channel == message.SMS {
		parts = max(sms.Measure(out.Text).Segments, 1)
	}
	cost, err := h.operators.Prices.Cost(string(e.Channel), "", parts)
	if err != nil {
		return e.Reserved.Cost
	}
	return cost
}
