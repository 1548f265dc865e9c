// The sentences of advice.
#include "proto/notice_advice.h"

namespace mxpress::proto {

std::string_view advice_after_failure(Remedy remedy) {
  switch (remedy) {
    case Remedy::check_address:
      return "Please check the address for typing errors; if it is right, reach the recipient in another way.";
    case Remedy::send_smaller:
      return "Please send a smaller message, or share large attachments in another way.";
    case Remedy::ask_recipient:
      return "Please reach the recipient in another way, or send the message again in a few days.";
    case Remedy::send_later:
      return "You may send the message again later; if that fails too, reach the recipient in another way.";
    case Remedy::ask_administrator:
      return "Please show this notice to the person who looks after your mail system, or reach the recipient in another way.";
    case Remedy::ask_administrator_if_widespread:
      return "If mail to others fails as well, please show this notice to the person who looks after your mail system; if not, send the "
             "message again later, or reach the recipient in another way.";
  }
  return {};
}

std::string_view advice_for_delay(Remedy remedy) {
  switch (remedy) {
    case Remedy::check_address:
      return " Please check the address for typing errors meanwhile.";
    case Remedy::ask_administrator:
      return " Please show this notice to the person who looks after your mail system: without a change there it may fail for good.";
    case Remedy::ask_administrator_if_widespread:
      return " If mail to others is delayed as well, please show this notice to the person who looks after your mail system.";
    case Remedy::send_smaller:
    case Remedy::ask_recipient:
    case Remedy::send_later:
      break;
  }
  return {};
}

std::string advice_of_rule(const Explanation& explanation, const Phrases& phrases) {
  const auto& advice = explanation.advice;
  if (!advice || advice->todo.empty() || advice->who == Actor::nobody) return {};
  const std::string todo = phrases.translated(advice->todo);
  if (advice->who == Actor::sender) return phrases.say("What you can do: {todo}", {{"todo", todo}});
  return phrases.say("It is for {who} to act: {todo}", {{"who", phrases.form(in_words(advice->who))}, {"todo", todo}});
}

std::string advice_after(const Explanation& explanation, const Phrases& phrases) {
  const std::string of_rule = advice_of_rule(explanation, phrases);
  if (!of_rule.empty() && explanation.advice->who == Actor::sender) return of_rule;
  return std::string(phrases.form(advice_after_failure(explanation.remedy))) + (of_rule.empty() ? "" : " " + of_rule);
}

}  // namespace mxpress::proto
