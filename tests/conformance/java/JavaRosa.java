import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.data.BooleanData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.test.Scenario;
import org.javarosa.xform.util.XFormAnswerDataParser;

/**
 * JavaRosa plays forms: a line of JSON in ({"xform", "steps": [[verb, path, text]...], "choices": [path...]}), a line out, with the whole state
 * after each step: by path, value, relevance, and the names on offer in the selects that were asked for.
 * JavaRosa, its Scenario and Jackson all lie in the ODK_Validate.jar of the pyxform wheel: java -cp JAR JavaRosa.java
 */
public class JavaRosa {
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] none) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode played = JSON.createObjectNode();
            try {
                play(JSON.readTree(line), played.putArray("states"));
            } catch (Exception | StackOverflowError problem) {
                played.put("error", played.get("states").size() + " states: " + problem);
            }
            out.println(JSON.writeValueAsString(played));
        }
    }

    static void play(JsonNode form, ArrayNode states) throws Exception {
        File file = File.createTempFile("form", ".xml");
        Scenario scenario;
        try {
            Files.writeString(file.toPath(), form.get("xform").asText());
            scenario = Scenario.init(file);
        } finally {
            file.delete();
        }
        JsonNode choices = form.get("choices");
        state(scenario, choices, states.addObject());
        for (JsonNode step : form.get("steps")) {
            String path = step.get(1).asText();
            Boolean fits = null;
            switch (step.get(0).asText()) {
                case "answer": fits = answer(scenario, path, step.get(2).asText()); break;
                case "add": // it wants a number at every step but the last
                    scenario.createNewRepeat(path.replaceAll("([^\\]/])/", "$1[1]/").replace("/data[1]/", "/data/"));
                    break;
                case "remove": scenario.removeRepeat(path); break;
                case "walk":
                    scenario.jumpToBeginningOfForm();
                    while (!scenario.atTheEndOfForm()) scenario.next();
                    break;
                default: throw new IllegalArgumentException(step.toString());
            }
            // it leaves other rows as they were: all is computed again (differences E3 and 4)
            scenario.getFormDef().initialize(false, new InstanceInitializationFactory());
            ObjectNode state = states.addObject();
            if (fits != null) state.put("fits", fits);
            state(scenario, choices, state);
        }
    }

    /** Takes an answer of the type that the bind tells, also one that breaks its constraint; whether it keeps it. */
    static boolean answer(Scenario scenario, String path, String text) {
        FormDef form = scenario.getFormDef();
        TreeElement node = scenario.getAnswerNode(path);
        IAnswerData data = text.isEmpty() ? null : XFormAnswerDataParser.getAnswerData(text, node.getDataType(), null);
        boolean fits = data == null || form.evaluateConstraint(node.getRef(), data);
        form.setValue(data, node.getRef(), true);
        return fits;
    }

    static void state(Scenario scenario, JsonNode choices, ObjectNode state) {
        TreeElement root = scenario.getFormDef().getMainInstance().getRoot();
        ObjectNode nodes = state.putObject("nodes"), offers = state.putObject("offers");
        walk(root, "/" + root.getName(), root.isRelevant(), nodes);
        for (JsonNode path : choices) {
            if (!nodes.get(path.asText()).get(1).asBoolean()) continue;
            ArrayNode names = offers.putArray(path.asText());
            for (SelectChoice choice : scenario.choicesOf(path.asText())) names.add(choice.getValue());
        }
    }

    static void walk(TreeElement section, String path, boolean relevant, ObjectNode nodes) {
        for (int i = 0; i < section.getNumChildren(); i++) {
            TreeElement child = section.getChildAt(i);
            if (child.getMult() == TreeReference.INDEX_TEMPLATE) continue;
            String at = path + "/" + child.getName() + (child.isRepeatable() ? "[" + (child.getMult() + 1) + "]" : "");
            boolean shows = relevant && child.isRelevant();
            if (child.getNumChildren() > 0) {
                nodes.putArray(at).addNull().add(shows);
                walk(child, at, shows, nodes);
            } else {
                IAnswerData value = child.getValue();
                // a truth would be 0 or 1
                String text = value == null ? "" : value instanceof BooleanData
                    ? value.getValue().toString() : value.uncast().getString();
                nodes.putArray(at).add(text).add(shows);
            }
        }
    }
}
