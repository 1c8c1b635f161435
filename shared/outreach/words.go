package outreach

import "strings"

// words say what a reason means, to an operator.
var words = map[string]string{
	"answered":                 "the survey has been answered",
	"not_invited":              "the invitation that this reminds of never went out",
	"goal_met":                 "the scene's goal has been met",
	"not_in_audience":          "the audience of the scene does not include the customer",
	"audience_failed":          "the audience of the scene cannot be judged: look at its expression",
	"condition_not_met":        "the condition of the step is not met",
	"condition_failed":         "the condition of the step cannot be judged: look at its expression",
	"entered_before":           "the customer has entered the scene before, which is entered once",
	"entered_lately":           "the customer has entered the scene too lately",
	"unknown_customer":         "there is no address and no consent: nobody has told the traits of the customer, or the id is mistyped",
	"no_consent":               "the customer has not consented to the channel",
	"no_address":               "the customer has no address on the channel",
	"bad_address":              "the customer's address is none that the channel takes",
	"topic_refused":            "the customer does not want to hear of the scene's topic",
	"personalised_refused":     "the customer has refused offers made by what is known of them",
	"suppressed":               "the address is suppressed: by the customer's own word, such as STOP by SMS, after a hard bounce or a complaint, or by what a provider said",
	"held_out":                 "the customer is held out of all marketing, so that what it brings about can be measured",
	"held_out_of_scene":        "the customer is held out of this scene, so that what it brings about can be measured",
	"contact_full":             "the customer was sent so much that nothing more can be counted",
	"cap_scene":                "the scene's own limit is reached",
	"cap_channel":              "the limit of the channel is reached",
	"cap_all":                  "the limit of all marketing is reached",
	"no_survey":                "the survey that it asks to does not exist",
	"survey_closed":            "the survey takes no answers any more",
	"asked_before":             "the customer was asked to this survey too lately",
	"asked_lately":             "the customer was asked to another survey too lately",
	"asked_elsewhere":          "another tool asked the customer too lately",
	"not_in_sample":            "the customer is not in the sample that the survey asks",
	"quiet":                    "it is quiet hours where the customer is: it waits until they are over",
	"never_open":               "there is no time within three days at which it might arrive",
	"budget_spent":             "the budget is spent",
	"budget_too_dear":          "the message costs more than one may",
	"budget_unpriced":          "there is a budget, and nobody knows what the message costs: the settings have no price of the channel",
	"offer_pool_empty":         "the pool of codes is empty",
	"offer_pool_expired":       "the pool's codes are good for too short a time by now",
	"offer_pool_not_for_scene": "the pool gives no codes to the scene",
	"offer_pool_unknown":       "there is no such pool of codes: import them",
	"offer_webhook_not_set_up": "the webhook that is to give the code cannot be asked: the channel webhook is not set up",
	"offer_webhook_none":       "the webhook that is to give the code has none for the message",
	"offer_webhook_refused":    "the webhook that is to give the code refuses the question",
	"expired":                  "it could not be sent for so long that its moment has gone",
	"scene_gone":               "the scene was taken back before it was sent",
	"scene_off":                "the scene was switched off before it was sent",
	"run_cancelled":            "the campaign was cancelled before it was sent",
	"channel_not_set_up":       "the channel is not set up",
	"too_long":                 "the message is longer than the channel takes",
	"too_many_segments":        "the text makes more segments than the channel is set up for",
	"no_content":               "the message has no text",
	"bad_data":                 "the data of the push are named as push services name their own",
	"content_failed":           "the message could not be made of the scene's content",
	"sender_lost":              "whoever was sending it was lost: nobody can tell whether it went out",
}

// Says returns what a reason means, to an operator; "" for one that is a provider's own.
func Says(reason string) string {
	if variable, ok := strings.CutPrefix(reason, ReasonVariable); ok {
		return "the variable " + variable + " has no value"
	}
	return words[reason]
}
