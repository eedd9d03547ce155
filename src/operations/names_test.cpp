#include "operations/names.hpp"

#include <gtest/gtest.h>

namespace rollcall::operations {
namespace {

Activation activation(std::string destination, std::string name) {
  Activation out;
  out.destination = std::move(destination);
  out.name = std::move(name);
  return out;
}

Stored stored() {
  Stored out;
  out.catalog.activations = {activation("Iterable", "VIPs"), activation("Europe", "VIPs"),
                             activation("Iterable", "Lapsed"), activation("A", "B/C")};
  out.archived = {activation("Iterable", "Old")};
  return out;
}

TEST(NamesTest, AnActivationNamedByItsPartsIsThatOneWhateverReadsAlike) {
  Stored all = stored();
  all.catalog.activations.push_back(activation("A/B", "C"));
  EXPECT_EQ(*find_activation(all, "A/B/C"), &all.catalog.activations[3]) << "the first of two";
  EXPECT_EQ(activation_named(all.catalog, "A", "B/C"), &all.catalog.activations[3]);
  EXPECT_EQ(activation_named(all.catalog, "A/B", "C"), &all.catalog.activations[4]);
  EXPECT_EQ(activation_named(all.catalog, "Iterable", "Old"), nullptr) << "it is archived";
}

TEST(NamesTest, FindsAnActivationByItsNameAlone) {
  const Stored all = stored();
  EXPECT_EQ(*find_activation(all, "Lapsed"), &all.catalog.activations[2]);
  EXPECT_EQ(*find_activation(all, "Iterable/Lapsed"), &all.catalog.activations[2]);
  EXPECT_EQ(*find_activation(all, "\"Lapsed\""), &all.catalog.activations[2]);
  EXPECT_EQ(*find_activation(all, "B/C"), &all.catalog.activations[3]);
  EXPECT_EQ(*find_activation(all, "A/B/C"), &all.catalog.activations[3]);
}

TEST(NamesTest, AsksForTheFullNameWhereTheNameIsNotUnique) {
  const Stored all = stored();
  const auto found = find_activation(all, "VIPs");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().kind, ErrorKind::invalid);
  EXPECT_EQ(found.error().text(),
            "several activations are named `VIPs`. Name one of them in full: `Iterable/VIPs`, "
            "`Europe/VIPs`.");
  EXPECT_EQ(*find_activation(all, "Europe/VIPs"), &all.catalog.activations[1]);
  EXPECT_EQ(shown_name(all.catalog, all.catalog.activations[1]), "Europe/VIPs");
  EXPECT_EQ(shown_name(all.catalog, all.catalog.activations[2]), "Lapsed");
}

TEST(NamesTest, TellsTheNearestNameAndWhatIsArchived) {
  const Stored all = stored();
  EXPECT_EQ(find_activation(all, "Lasped").error().text(),
            "there is no activation `Lasped` (did you mean `Lapsed`?)");
  EXPECT_EQ(find_activation(all, "Old").error().message, "activation `Old` is archived");
  EXPECT_EQ(find_segment(all.catalog, "x").error().text(),
            "there is no segment `x`. No segment is stored yet: define it in a file and `rollcall "
            "apply` it.");
}

}  // namespace
}  // namespace rollcall::operations
