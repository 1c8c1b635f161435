package outreach

import (
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// Why a message fails that cannot be made.
const (
	ReasonVariable = "missing_variable:" // and its name
	ReasonContent  = "content_failed"
)

// Say makes the message of a ledger entry for the customer; see scene.Render. Where it cannot be made it returns why the entry
// fails, and for ReasonContent the cause, which holds no value.
func Say(sc *scene.Scene, say scene.Saying, p customer.Profile, e message.Entry) (said scene.Rendered, failed string, cause error) {
	said, err := sc.Render(say, p, e)
	if err == nil {
		return said, "", nil
	}
	if variable := scene.MissingVariable(err); variable != "" {
		return scene.Rendered{}, ReasonVariable + variable, nil
	}
	return scene.Rendered{}, ReasonContent, err
}
