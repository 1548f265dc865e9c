// Control messages as JSON.
#include "mta/cli/json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <boost/json.hpp>
#include <ostream>

namespace mxpress::mta::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
namespace json = boost::json;

json::value single(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return json::string(reflection.GetEnum(message, &field)->name());
    case FieldDescriptor::CPPTYPE_STRING:
      return json::string(reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return to_json(reflection.GetMessage(message, &field));
  }
  return nullptr;
}

// The .proto files repeat only texts and messages.
json::array repeated(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  json::array values;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      values.push_back(to_json(reflection.GetRepeatedMessage(message, &field, i)));
    else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING)
      values.push_back(json::string(reflection.GetRepeatedString(message, &field, i)));
  }
  return values;
}

}  // namespace

json::object to_json(const Message& message) {
  json::object object;
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated())
      object[field.name()] = repeated(message, field);
    else if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || message.GetReflection()->HasField(message, &field))
      object[field.name()] = single(message, field);
  }
  return object;
}

void print_json(std::ostream& out, const json::object& object) { out << json::serialize(object) << "\n"; }

void print_json(std::ostream& out, const Message& message) { print_json(out, to_json(message)); }

}  // namespace mxpress::mta::cli
