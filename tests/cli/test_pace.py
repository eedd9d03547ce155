"""One pace for a project: activations that run at once, in processes of their own, share its limits."""

from world import customer

PEOPLE = 150


def test_two_runs_at_once_keep_under_the_projects_limits(make_world):
    one = make_world("email", "email")
    one.put(*[customer(i) for i in range(1, PEOPLE + 1)])
    for i in range(1, PEOPLE + 1):
        one.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    one.double.define_field("firstName", "string")
    one.attributes = [{"field": "first_name", "to": "firstName"}]
    one.write_source()
    catalog = one.catalog()
    catalog["activations"].append(catalog["activations"][0] | {"name": "The others"})
    one.apply(catalog=catalog)
    processes = [one.start("run", name, "--json") for name in (one.name, "The others")]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err.decode()[-3000:]
    one.assert_clean()  # no limit was exceeded
