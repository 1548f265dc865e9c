// Sentences in other words.
#include "proto/phrases.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

TEST_CASE("phrases: the empty catalogue leaves English as it is, with its values") {
  const Phrases english;
  CHECK(english.empty());
  CHECK(english.say("Sent to {whom} at {time}.", {{"whom", "you@there.example"}, {"time", "noon"}}) ==
        "Sent to you@there.example at noon.");
  CHECK(english.say("Open { and {nothing}.", {{"whom", "x"}}) == "Open { and {nothing}.");
  CHECK(english.translated("One. Two.") == "One. Two.");
}

TEST_CASE("phrases: a text uses the values of its key in any order, and none is looked for in values") {
  Phrases phrases;
  phrases.set("Sent to {whom} at {time}.", "{time}: {whom}, {time}");
  CHECK(phrases.say("Sent to {whom} at {time}.", {{"whom", "{time}"}, {"time", "noon"}}) == "noon: {time}, noon");
}

TEST_CASE("phrases: text of several sentences is translated sentence by sentence, and unknown ones stay") {
  Phrases phrases;
  phrases.set("It is full.", "Voll.");
  phrases.set("Wait, then try. Or not.", "Beides.");
  CHECK(phrases.translated("It is full. Nobody knows why. It is full.") == "Voll. Nobody knows why. Voll.");
  CHECK(phrases.translated("Wait, then try. Or not.") == "Beides.");
  CHECK(phrases.translated("It is fuller.") == "It is fuller.");
  CHECK(phrases.translated("").empty());
}

TEST_CASE("phrases: a sentence that holds a value meets the form with one name, unless an exact key does") {
  Phrases phrases;
  phrases.set("The list \"{list}\" has it.", "Die Liste {list}.");
  phrases.set("The list \"best\" has it.", "Die beste.");
  CHECK(phrases.translated("The list \"bl.example\" has it.") == "Die Liste bl.example.");
  CHECK(phrases.translated("The list \"best\" has it.") == "Die beste.");
  CHECK(phrases.translated("The list \"\" has it.") == "The list \"\" has it.");
  phrases.set("The list \"{list}\" has it.", "Liste: {list}.");
  CHECK(phrases.translated("The list \"bl.example\" has it.") == "Liste: bl.example.");
}

TEST_CASE("phrases: one catalogue over another") {
  Phrases below, above;
  below.set("One.", "Eins.");
  below.set("Two.", "Zwei.");
  above.set("Two.", "Zwo.");
  CHECK(below.is_ascii());
  above.set("Three.", "Drei \u2026");
  below.add(above);
  CHECK(below.translated("One. Two.") == "Eins. Zwo.");
  CHECK_FALSE(below.is_ascii());
}
